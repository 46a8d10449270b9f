-- Takes events, each whole or not at all. Replies 1 for each that is new, 0 for a repeat, -1 for one whose
-- order number is another customer's, -2 for one whose event id is that of another type of event.
-- KEYS: the event stream, customers to look at; then eight an event: seen event, seen order, seen purchase of
-- what it takes back, customer's log, anonymous log, alias, seen purchase under the number that the order has
-- if its number is another customer's, too, and under its other number. A key an event has no use for is the
-- stream's.
-- ARGV: log length, seconds to live of logs, event ids and order ids, received_ms, prefixes of all
-- logs, of customers' logs, of shoppers' facts and of aliases, bytes of a log, key of people; then eight an
-- event: stream payload, log entry or "", facts (JSON) or "", customer id or "", who tells of it (1: a browser
-- claims it, 2: a file told, 0: neither), its type if it is about an order, its time in ms, its revision: of a
-- purchase, or of what takes a whole order back.
local stream, look_due = KEYS[1], KEYS[2]
local length, log_ttl, event_ttl, order_ttl = tonumber(ARGV[1]), ARGV[2], ARGV[3], ARGV[4]
local received_ms, logs, customers, facts_prefix, aliases = ARGV[5], ARGV[6], ARGV[7], ARGV[8], ARGV[9]
local most_bytes, people = tonumber(ARGV[10]), ARGV[11]
local two_days_ms = 2 * 86400000
local no_profiling = 'no profiling' -- the only entry in the log of who said no to it
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

local function refuses(log) return call('LINDEX', log, 0) == no_profiling end

-- Forgets what was logged, and keeps nothing from now on.
local function refuse(log)
  call('DEL', log)
  call('LPUSH', log, no_profiling)
end

-- As many entries as `length` fit in whole while they are short.
local function push(log, entry, ...)
  if refuses(log) then return end
  if call('LPUSH', log, entry, ...) > length then call('LTRIM', log, 0, length - 1) end
  if #entry * length > most_bytes then keep_within(log) end
  call('EXPIRE', log, log_ttl)
end

-- The key of a shopper's facts, from that of the log.
local function facts_key(log) return facts_prefix .. string.sub(log, #logs + 1) end

-- Of a fact the latest value counts, whenever it arrives; where `earliest`, the first; where it `adds`, the sum.
local function keep_fact(key, name, at, value, earliest, adds)
  local stored = call('HGET', key, name) or ''
  local before = tonumber(string.match(stored, '^%d+'))
  if adds and before then
    value = string.format('%.10g', tonumber(string.match(stored, ' (.*)$')) + tonumber(value))
    if before > tonumber(at) then at = string.match(stored, '^%d+') end
  end
  if before and ((earliest and before <= tonumber(at)) or (not earliest and before > tonumber(at))) then return end
  local bounded = string.sub(name, 1, 7) ~= 'ticket:'
  if before or bounded or call('HLEN', key) < most_facts then call('HSET', key, name, at .. ' ' .. value) end
end

local function keep_facts(key, facts)
  for _, fact in ipairs(cjson.decode(facts)) do keep_fact(key, unpack(fact)) end
  if call('HEXISTS', key, 'points:added') + call('HEXISTS', key, 'points:redeemed') > 0 then
    call('PERSIST', key) -- points are never forgotten
  else
    call('EXPIRE', key, log_ttl)
  end
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

-- Whether a shopper's latest word about profiling is no; nil: they never said.
local function said_no(log)
  local said = call('HGET', facts_key(log), 'consent:profiling')
  return said and string.sub(said, -2) == ' 0'
end

-- What was said about profiling holds for all logs of the shopper.
local function settle(log, other)
  local no = said_no(log)
  for _, each in ipairs({ log, other }) do
    if each ~= stream and no then refuse(each) elseif each ~= stream and refuses(each) then call('DEL', each) end
  end
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
  local no = said_no(customer_log)
  if no == nil then no = refuses(anonymous_log) end
  if no then
    refuse(customer_log)
    return
  end
  if refuses(anonymous_log) then call('DEL', anonymous_log) end
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

-- Takes an entry about an order out of the log of the customer who made it.
local function withdraw(owner, entry)
  local customer = string.sub(owner, 1, 2) == 'a:' and call('GET', aliases .. string.sub(owner, 3))
  if customer then
    call('LREM', customers .. current(customer), 1, entry)
  elseif string.sub(owner, 1, 2) == 'c:' then
    call('LREM', customers .. current(string.sub(owner, 3)), 1, entry)
  end
end

-- A browser's claim, as it is stored with an order: `?`, the owner, a line break, the log entry. What the shop
-- says itself of the same order replaces it.
local function replace_claim(claim) withdraw(string.match(claim, '^%?([^\n]*)\n(.*)$')) end

-- Of an order's words the newest counts, by its revision; a word that takes the order back and has none counts
-- for good. `words` holds the revision of the newest purchase, and by their types the newest words that took the
-- order back: revision, key that says that it is known, log entry.

-- A word that took the order back; of a newer one with the same effect only the revision is new.
local function keep_reversal(words, kind, revision, known, entry)
  local before = call('HGET', words, kind)
  if before then
    local at
    at, known, entry = unpack(cmsgpack.unpack(before))
    revision = math.max(revision, at)
  end
  call('HSET', words, kind, cmsgpack.pack({ revision, known, entry }))
  call('EXPIRE', words, order_ttl)
end

-- Whether the order was told anew after a word that takes it back.
local function is_outdated(words, revision)
  return tonumber(call('HGET', words, 'purchase') or '0') > revision
end

-- A purchase withdraws older words that took the order back.
local function restore(order, words, owner, anonymous_log, revision)
  if tonumber(call('HGET', words, 'purchase') or '0') >= revision then return end
  call('HSET', words, 'purchase', revision)
  call('EXPIRE', words, order_ttl)
  owner = string.match(call('GET', order) or owner, '^%??([^\n]*)')
  for _, kind in ipairs({ 'cancel', 'refund' }) do
    local word = call('HGET', words, kind)
    local at, known, entry = unpack(word and cmsgpack.unpack(word) or {})
    if word and at < revision then
      withdraw(owner, entry)
      if string.sub(owner, 1, 2) == 'a:' then call('LREM', logs .. owner, 1, entry) end
      if anonymous_log ~= stream then call('LREM', anonymous_log, 1, entry) end
      call('LREM', order .. ':early', 1, entry)
      call('HDEL', words, kind)
      call('DEL', known)
    end
  end
end

-- Whether the number is that of an order of another customer. What a file told may name customers otherwise, so
-- its order is another one only if its time is another, too. That stands behind the owner and a line break.
local function is_anothers(order, owner, at)
  local before = call('GET', order)
  if not before or string.sub(before, 1, 2) ~= 'c:' or string.sub(owner, 1, 2) ~= 'c:' then return false end
  local name, told_at = string.match(before, '^([^\n]*)\n?(%-?%d*)$')
  if current(string.sub(name, 3)) == current(string.sub(owner, 3)) then return false end
  return told_at == '' or math.abs(tonumber(told_at) - tonumber(at)) > two_days_ms
end

-- Whether this is the first word of an order, or the shop's own after a claim.
local function is_new(order, owner, entry, teller, at)
  local before = call('GET', order)
  local is_claim = before and string.sub(before, 1, 1) == '?'
  if before and (teller == '1' or not is_claim) then return false end
  if is_claim then replace_claim(before) end
  local value = owner
  if teller == '1' then value = '?' .. owner .. '\n' .. entry end
  if teller == '2' then value = owner .. '\n' .. at end
  call('SET', order, value, 'EX', order_ttl)
  return true
end

-- What pages claim of the order under its other number is replaced, and repeats it from now on.
local function know_other(other, owner)
  local before = call('GET', other)
  if before and string.sub(before, 1, 1) == '?' then replace_claim(before) end
  call('SET', other, owner, 'EX', order_ttl)
end

-- Refunds and cancellations without ids that came before their order wait for it.
local function wait_for(bought, entry)
  call('LPUSH', bought .. ':early', entry)
  call('EXPIRE', bought .. ':early', order_ttl)
end

local function early(order)
  local entries = call('LRANGE', order .. ':early', 0, -1)
  call('DEL', order .. ':early')
  return entries
end

local function take(k, a)
  local event, order, bought, customer_log, anonymous_log, alias, own, other = unpack(KEYS, k, k + 7)
  local payload, entry, facts, customer_id, teller, kind, at, revision = unpack(ARGV, a, a + 7)
  local words = (kind == 'purchase' and order or bought) .. ':words'
  local is_word, is_reversal = revision ~= '0' and teller ~= '1', revision ~= '0' and kind ~= 'purchase'
  local owner = owner_of(customer_log, anonymous_log)
  if kind == 'purchase' and is_anothers(order, owner, at) then return -1 end
  if kind ~= 'purchase' and own ~= stream and call('EXISTS', own) == 1 then return -1 end
  local taken = call('GET', event)
  if taken and kind ~= '' and taken ~= '1' and taken ~= kind then return -2 end
  if taken then return 0 end
  call('SET', event, kind == '' and '1' or kind, 'EX', event_ttl)
  if is_reversal and is_outdated(words, tonumber(revision)) then return 0 end
  if kind == 'purchase' and is_word then restore(order, words, owner, anonymous_log, tonumber(revision)) end
  if other ~= stream then know_other(other, owner) end
  if order ~= stream and not is_new(order, owner, entry, teller, at) then
    if revision == '0' then return 0 end
    if is_reversal then keep_reversal(words, kind, tonumber(revision), order, '') end
    -- An order that was edited: the history keeps the newest word, the log what was bought first.
    call('XADD', stream, '*', 'e', payload, 'r', received_ms)
    return 1
  end
  call('XADD', stream, '*', 'e', payload, 'r', received_ms)
  if is_reversal then keep_reversal(words, kind, tonumber(revision), order, entry) end
  -- A refund or cancellation without ids belongs to the buyer of the order.
  local unnamed = bought ~= stream and customer_log == stream and anonymous_log == stream
  local purchase = unnamed and call('GET', bought)
  if unnamed and not purchase and entry ~= '' then wait_for(bought, entry) end
  local buyer = string.match(purchase or '1', '^%??([^\n]*)')
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
  if facts ~= '' and log ~= stream then
    keep_facts(facts_key(log), facts)
    if string.find(facts, 'consent:profiling', 1, true) then settle(log, anonymous_log) end
  end
  if customer_log ~= stream and anonymous_log ~= stream then
    if refuses(customer_log) then
      refuse(anonymous_log)
    elseif refuses(anonymous_log) and said_no(customer_log) == false then
      call('DEL', anonymous_log) -- they said yes in another browser
    end
  end
  if entry ~= '' then
    if customer_log ~= stream then push(customer_log, entry) end
    if anonymous_log ~= stream then push(anonymous_log, entry) end
    for _, waiting in ipairs(kind == 'purchase' and early(order) or {}) do
      if customer_log ~= stream then push(customer_log, waiting) end
      if anonymous_log ~= stream then push(anonymous_log, waiting) end
    end
  end
  return 1
end

local replies = {}
for i = 0, (#KEYS - 2) / 8 - 1 do
  replies[i + 1] = take(3 + 8 * i, 12 + 8 * i)
end
return replies
