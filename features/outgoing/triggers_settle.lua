-- Writes what was decided about one customer, as long as the lease is still the writer's: after an event,
-- or after somebody else took over, the decision is about a past that is over, and nothing is written.
-- An occasion that was handed out before is not handed out again. Replies how many triggers are new, or -1.
-- KEYS: customers to look at, triggers, waiting, done, contacts.
-- ARGV: customer, lease's end, next look or "" (nothing is known of them any more), now, days kept in ms of
-- done and of triggers, number of ended ids, the ended ids; then five a trigger: id, JSON, kind, expires,
-- JSON list of its keys.
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

-- Nobody read it: it was never there. Else whoever read it reads that it is off.
local function take_back(id)
  local packed = call('HGET', waiting, id)
  if not packed then return end
  local was = cjson.decode(packed)
  call('HDEL', waiting, id)
  if call('ZSCORE', contacts, id) then
    local notice = {id = id, kind = was.kind, customer_id = customer, cancelled = true}
    hand_out(id, cjson.encode(notice), was.kind, string.format('%d', was.expires_ms))
  else
    call('XDEL', triggers, was.place)
    call('ZREM', done, unpack(was.keys))
  end
end

for i = 8, 7 + ended do take_back(ARGV[i]) end

local new = 0
for i = 8 + ended, #ARGV, 5 do
  local id, payload, kind, expires, listed = unpack(ARGV, i, i + 4)
  local fresh = 0
  for _, key in ipairs(cjson.decode(listed)) do fresh = fresh + call('ZADD', done, 'NX', ARGV[4], key) end
  if fresh > 0 then
    local place = hand_out(id, payload, kind, expires)
    local record = '{"id":' .. cjson.encode(id) .. ',"kind":"' .. kind .. '","place":"' .. place .. '","at_ms":'
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
