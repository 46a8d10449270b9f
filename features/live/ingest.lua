-- Takes events, each whole or not at all. Replies 1 for each that is new, 0 for a repeat.
-- KEYS: the event stream, customers to look at; then six an event: seen event, seen order, seen purchase of
-- what it takes back, customer's log, anonymous log, alias. A key an event has no use for is the stream's.
-- ARGV: log length, seconds to live of logs, event ids and order ids, received_ms, prefixes of all
-- logs, of customers' logs, of shoppers' facts and of aliases, bytes of a log, key of people; then five an event: stream
-- payload, log entry or "", facts (JSON) or "", customer id or "", 1 if it is a browser's claim or 0.
local stream, look_due = KEYS[1], KEYS[2]
local length, log_ttl, event_ttl, order_ttl = tonumber(ARGV[1]), ARGV[2], ARGV[3], ARGV[4]
local received_ms, logs, customers, facts_prefix, aliases = ARGV[5], ARGV[6], ARGV[7], ARGV[8], ARGV[9]
local most_bytes, people = tonumber(ARGV[10]), ARGV[11]
local most_facts = 200 -- of a shopper; beyond it no new tickets are kept, whose number has no bound

local call = redis.call

-- The name that a customer goes by now.
local function current(customer)
  for _ = 1, 50 do
    local further = call('HGET', people, customer)
    if not further then break end
    customer = further
  end
  return customer
end

-- Drops the oldest entries of a log that is longer than `most_bytes`; its newest stays.
local function keep_within(log)
  local bytes = 0
  for i, entry in ipairs(call('LRANGE', log, 0, -1)) do
    bytes = bytes + #entry
    if bytes > most_bytes and i > 1 then return call('LTRIM', log, 0, i - 2) end
  end
end

-- As many entries as `length` fit in whole while they are short.
local function push(log, entry, ...)
  if call('LPUSH', log, entry, ...) > length then call('LTRIM', log, 0, length - 1) end
  if #entry * length > most_bytes then keep_within(log) end
  call('EXPIRE', log, log_ttl)
end

-- The key of a shopper's facts, from that of the log.
local function facts_key(log) return facts_prefix .. string.sub(log, #logs + 1) end

-- Of a fact the latest value counts, whenever it arrives; where `earliest`, the first.
local function keep_fact(key, name, at, value, earliest)
  local before = tonumber(string.match(call('HGET', key, name) or '', '^%d+'))
  if before and ((earliest and before <= tonumber(at)) or (not earliest and before > tonumber(at))) then return end
  local bounded = string.sub(name, 1, 7) ~= 'ticket:'
  if before or bounded or call('HLEN', key) < most_facts then call('HSET', key, name, at .. ' ' .. value) end
end

local function keep_facts(key, facts)
  for _, fact in ipairs(cjson.decode(facts)) do keep_fact(key, unpack(fact)) end
  call('EXPIRE', key, log_ttl)
end

-- The facts of a browser become its customer's.
local function move_facts(from, to)
  local facts = call('HGETALL', from)
  for i = 1, #facts, 2 do
    local at, value = string.match(facts[i + 1], '^(%d+) (.*)$')
    if at then keep_fact(to, facts[i], at, value, false) end
  end
  if #facts > 0 then call('EXPIRE', to, log_ttl) end
  call('DEL', from)
end

-- A browser gets a customer: their log takes over the entries of its log. A browser that changes from one
-- customer to another begins anew: the next one must not see what the last one did there.
local function join(alias, customer_id, customer_log, anonymous_log)
  local before = call('GETEX', alias, 'EX', log_ttl)
  if before == customer_id then return end
  call('SET', alias, customer_id, 'EX', log_ttl)
  if before and current(before) == customer_id then return end
  if before then
    call('DEL', anonymous_log, facts_key(anonymous_log))
    return
  end
  move_facts(facts_key(anonymous_log), facts_key(customer_log))
  local present, oldest_first = {}, {}
  for _, entry in ipairs(call('LRANGE', customer_log, 0, -1)) do present[entry] = true end
  for _, entry in ipairs(call('LRANGE', anonymous_log, 0, length - 1)) do
    if not present[entry] then table.insert(oldest_first, 1, entry) end
  end
  if #oldest_first > 0 then
    push(customer_log, unpack(oldest_first))
    keep_within(customer_log)
  end
end

-- The owner of the log, as it is stored with an order: `c:<customer>` or `a:<browser>`; "1" without one.
local function owner_of(customer_log, anonymous_log)
  local log = customer_log ~= stream and customer_log or anonymous_log
  return log ~= stream and string.sub(log, #logs + 1) or '1'
end

-- A browser's claim, as it is stored with an order: `?`, the owner, a line break, the log entry. What the shop
-- says itself of the same order replaces it in the log of the customer who made it.
local function withdraw(claim)
  local owner, entry = string.match(claim, '^%?([^\n]*)\n(.*)$')
  local customer = string.sub(owner, 1, 2) == 'a:' and call('GET', aliases .. string.sub(owner, 3))
  if customer then
    call('LREM', customers .. current(customer), 1, entry)
  elseif string.sub(owner, 1, 2) == 'c:' then
    call('LREM', customers .. current(string.sub(owner, 3)), 1, entry)
  end
end

-- Whether this is the first word of an order, or the shop's own after a claim.
local function is_new(order, owner, entry, claimed)
  local before = call('GET', order)
  local is_claim = before and string.sub(before, 1, 1) == '?'
  if before and (claimed or not is_claim) then return false end
  if is_claim then withdraw(before) end
  call('SET', order, claimed and '?' .. owner .. '\n' .. entry or owner, 'EX', order_ttl)
  return true
end

local function take(event, order, bought, customer_log, anonymous_log, alias, payload, entry, facts, customer_id, claimed)
  if not call('SET', event, '1', 'NX', 'EX', event_ttl) then return 0 end
  if order ~= stream and not is_new(order, owner_of(customer_log, anonymous_log), entry, claimed == '1') then return 0 end
  call('XADD', stream, '*', 'e', payload, 'r', received_ms)
  -- A refund or cancellation without ids belongs to the buyer of the order.
  local unnamed = bought ~= stream and customer_log == stream and anonymous_log == stream
  local buyer = string.match(unnamed and call('GET', bought) or '1', '^%??([^\n]*)')
  if string.sub(buyer, 1, 2) == 'c:' then
    customer_id = current(string.sub(buyer, 3))
    customer_log = customers .. customer_id
  elseif buyer ~= '1' then
    anonymous_log, alias = logs .. buyer, aliases .. string.sub(buyer, 3)
  end
  if customer_id ~= '' and alias ~= stream then
    join(alias, customer_id, customer_log, anonymous_log)
  elseif alias ~= stream then
    local customer = call('GET', alias)
    if customer then
      customer_id = current(customer)
      customer_log = customers .. customer_id
    end
  end
  if customer_id ~= '' then call('ZADD', look_due, 'LT', received_ms, customer_id) end
  local log = customer_log ~= stream and customer_log or anonymous_log
  if facts ~= '' and log ~= stream then keep_facts(facts_key(log), facts) end
  if entry ~= '' then
    if customer_log ~= stream then push(customer_log, entry) end
    if anonymous_log ~= stream then push(anonymous_log, entry) end
  end
  return 1
end

local replies = {}
for i = 0, (#KEYS - 2) / 6 - 1 do
  local k, a = 3 + 6 * i, 12 + 5 * i
  replies[i + 1] = take(KEYS[k], KEYS[k + 1], KEYS[k + 2], KEYS[k + 3], KEYS[k + 4], KEYS[k + 5],
                        ARGV[a], ARGV[a + 1], ARGV[a + 2], ARGV[a + 3], ARGV[a + 4])
end
return replies
