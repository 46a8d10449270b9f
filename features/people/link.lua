-- Makes names those of one customer, and moves what is live under them. Replies the customer's name now, then
-- a word for each name: "linked", "known" (it was already) or "taken" (by another customer: left alone).
-- KEYS: people, links by time, links that the home has not yet, revisions, customers to look at.
-- ARGV: customer, now in ms, proof, length of a log, prefixes of live log, facts, e-mails, contacts, waiting
-- triggers, done triggers, promises; then the names.
local people, by_time, news, revisions, look_due = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local customer, now, proof, length = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local FIRST_PREFIX, FIRST_NAME = 5, 12
local no_profiling = 'no profiling' -- as in ingest.lua
local call = redis.call

local function current(name)
  for _ = 1, 50 do
    local further = call('HGET', people, name)
    if not further then return name end
    name = further
  end
  return name
end

local function longest_life(from, to)
  local left = call('PTTL', from)
  if left > call('PTTL', to) then call('PEXPIRE', to, left) end
end

-- What was logged of the one goes behind what was logged of the other: readers sort by time.
local function move_log(from, to)
  if call('LINDEX', from, 0) == no_profiling or call('LINDEX', to, 0) == no_profiling then
    call('DEL', to)
    call('LPUSH', to, no_profiling)
    return
  end
  local present, moved = {}, {}
  for _, entry in ipairs(call('LRANGE', to, 0, -1)) do present[entry] = true end
  for _, entry in ipairs(call('LRANGE', from, 0, length - 1)) do
    if not present[entry] then moved[#moved + 1] = entry end
  end
  if #moved > 0 then
    call('RPUSH', to, unpack(moved))
    call('LTRIM', to, 0, length - 1)
  end
  longest_life(from, to)
end

-- Of each fact the latest counts; of when somebody became known, the first.
local function move_facts(from, to)
  local facts = call('HGETALL', from)
  for i = 1, #facts, 2 do
    local at = tonumber(string.match(facts[i + 1], '^%d+')) or 0
    local there = tonumber(string.match(call('HGET', to, facts[i]) or '', '^%d+'))
    local wins = not there or (facts[i] == 'known' and at < there) or (facts[i] ~= 'known' and at > there)
    if wins then call('HSET', to, facts[i], facts[i + 1]) end
  end
  longest_life(from, to)
end

local function move_sendings(from, to)
  local both = cmsgpack.unpack(call('GET', to))
  for _, sending in ipairs(cmsgpack.unpack(call('GET', from))) do both[#both + 1] = sending end
  table.sort(both, function(a, b) return a[1] > b[1] end)
  call('SET', to, cmsgpack.pack(both), 'KEEPTTL')
end

local function move_scores(from, to)
  call('ZUNIONSTORE', to, 2, from, to, 'AGGREGATE', 'MAX')
  longest_life(from, to)
end

local function move_fields(from, to)
  call('HSET', to, unpack(call('HGETALL', from)))
  longest_life(from, to)
end

local function keep_theirs() end

local MOVES = { move_log, move_facts, move_sendings, move_scores, move_fields, move_scores, keep_theirs }

local function move(from, to)
  for i, merge in ipairs(MOVES) do
    local old, new = ARGV[FIRST_PREFIX + i - 1] .. from, ARGV[FIRST_PREFIX + i - 1] .. to
    local lived = call('PTTL', old)
    if call('EXISTS', old) == 1 then
      if call('EXISTS', new) == 0 then
        call('RENAME', old, new)
      else
        merge(old, new)
        if lived == -1 then call('PERSIST', new) end
        call('DEL', old)
      end
    end
  end
  local due = call('ZSCORE', look_due, from)
  if due then
    call('ZADD', look_due, 'LT', due, to)
    call('ZREM', look_due, from)
  end
end

local to = current(customer)
local replies, linked = { to }, false
for i = FIRST_NAME, #ARGV do
  local name = ARGV[i]
  local owner = current(name)
  if owner == to then
    replies[#replies + 1] = 'known'
  elseif owner ~= name and proof ~= 'merge' then
    replies[#replies + 1] = 'taken'
  else
    call('HSET', people, owner, to)
    call('HSET', news, owner, cjson.encode({ customer_id = to, proof = proof, at_ms = tonumber(now) }))
    call('ZADD', by_time, now, owner)
    move(owner, to)
    replies[#replies + 1] = 'linked'
    linked = true
  end
end
if linked then call('HINCRBY', revisions, 'people', 1) end
return replies
