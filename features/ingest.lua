-- Takes events, each whole or not at all. Replies 1 for each that is new, 0 for a repeat.
-- KEYS: the event stream; then five an event: seen event, seen order, customer's log, anonymous log,
-- alias. A key an event has no use for is the stream's.
-- ARGV: log length, seconds to live of logs, event ids and order ids, received_ms, prefix of
-- customers' logs; then three an event: stream payload, log entry or "", customer id or "".
local stream = KEYS[1]
local length, log_ttl, event_ttl, order_ttl = tonumber(ARGV[1]), ARGV[2], ARGV[3], ARGV[4]
local received_ms, customers = ARGV[5], ARGV[6]

local call = redis.call

local function push(log, ...)
  if call('LPUSH', log, ...) > length then call('LTRIM', log, 0, length - 1) end
  call('EXPIRE', log, log_ttl)
end

-- A browser becomes known: its customer takes over its log, once. A browser that changes hands
-- begins anew: what the last customer did there is not the next one's to see.
local function join(alias, customer_id, customer_log, anonymous_log)
  local before = call('GETEX', alias, 'EX', log_ttl)
  if before == customer_id then return end
  call('SET', alias, customer_id, 'EX', log_ttl)
  if before then
    call('DEL', anonymous_log)
    return
  end
  local oldest_first = {}
  for _, entry in ipairs(call('LRANGE', anonymous_log, 0, length - 1)) do
    table.insert(oldest_first, 1, entry)
  end
  if #oldest_first > 0 then push(customer_log, unpack(oldest_first)) end
end

local function take(event, order, customer_log, anonymous_log, alias, payload, entry, customer_id)
  if not call('SET', event, '1', 'NX', 'EX', event_ttl) then return 0 end
  if order ~= stream and not call('SET', order, '1', 'NX', 'EX', order_ttl) then return 0 end
  call('XADD', stream, '*', 'e', payload, 'r', received_ms)
  if customer_id ~= '' and alias ~= stream then
    join(alias, customer_id, customer_log, anonymous_log)
  elseif alias ~= stream then
    local known = call('GET', alias)
    if known then customer_log = customers .. known end
  end
  if entry ~= '' then
    if customer_log ~= stream then push(customer_log, entry) end
    if anonymous_log ~= stream then push(anonymous_log, entry) end
  end
  return 1
end

local taken = {}
for i = 0, (#KEYS - 1) / 5 - 1 do
  local k, a = 2 + 5 * i, 7 + 3 * i
  taken[i + 1] = take(KEYS[k], KEYS[k + 1], KEYS[k + 2], KEYS[k + 3], KEYS[k + 4],
                      ARGV[a], ARGV[a + 1], ARGV[a + 2])
end
return taken
