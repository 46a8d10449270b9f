-- Writes the decision about one customer while the lease is still the caller's. After a new event, or when
-- another worker has the lease, the decision is outdated and nothing is written.
-- An occasion that was handed out before is not handed out again. Replies how many triggers are new, or -1.
-- KEYS: queue of customers, triggers, waiting, done, contacts.
-- ARGV: customer, end of the lease, when to look again or "" (never), now, how long done and triggers are
-- kept in ms, number of ended ids, the ended ids; then five per trigger: id, JSON, kind, expires, JSON list
-- of its keys.
local look_due, triggers, waiting, done, contacts = unpack(KEYS)
local customer, lease, next_look, now = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local done_ms, kept_ms, ended = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local call = redis.call

local score = call('ZSCORE', look_due, customer)
if not score or tonumber(score) ~= tonumber(lease) then return -1 end

local function hand_out(id, payload, kind, expires)
  local oldest = string.format('%d', math.max(now - kept_ms, 0))
  return call('XADD', triggers, 'MINID', '~', oldest, '*',
              't', payload, 'i', id, 'k', kind, 'c', customer, 'x', expires)
end

-- Deletes a trigger that nobody has read; sends a cancellation if somebody has.
local function cancel(id)
  local packed = call('HGET', waiting, id)
  if not packed then return end
  local old = cjson.decode(packed)
  call('HDEL', waiting, id)
  if call('ZSCORE', contacts, id) then
    local notice = {id = id, kind = old.kind, customer_id = customer, cancelled = true}
    hand_out(id, cjson.encode(notice), old.kind, string.format('%d', old.expires_ms))
  else
    call('XDEL', triggers, old.place)
    call('ZREM', done, unpack(old.keys))
  end
end

for i = 8, 7 + ended do cancel(ARGV[i]) end

local new = 0
for i = 8 + ended, #ARGV, 5 do
  local id, payload, kind, expires, listed = unpack(ARGV, i, i + 4)
  local new_occasions = 0
  for _, key in ipairs(cjson.decode(listed)) do
    new_occasions = new_occasions + call('ZADD', done, 'NX', ARGV[4], key)
  end
  if new_occasions > 0 then
    local entry_id = hand_out(id, payload, kind, expires)
    local record = '{"id":' .. cjson.encode(id) .. ',"kind":"' .. kind .. '","place":"' .. entry_id .. '","at_ms":'
      .. ARGV[4] .. ',"keys":' .. listed .. ',"expires_ms":' .. expires .. '}'
    call('HSET', waiting, id, record)
    new = new + 1
  end
end

for _, id in ipairs(call('HKEYS', waiting)) do
  if cjson.decode(call('HGET', waiting, id)).expires_ms <= now then call('HDEL', waiting, id) end
end
call('ZREMRANGEBYSCORE', done, '-inf', now - done_ms)
call('PEXPIRE', done, string.format('%d', done_ms))
call('PEXPIRE', waiting, string.format('%d', done_ms))
if next_look == '' then call('ZREM', look_due, customer) else call('ZADD', look_due, next_look, customer) end
return new
