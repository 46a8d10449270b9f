-- Stores an offer decision and charges its budgets. Replies 1, or 0 without any change if the customer's
-- promises changed since the caller read them, or a budget has too little left.
-- An offer that is sent counts as a contact, unless it goes with a message sent within the day before.
-- KEYS: the promises of a customer or a browser, money spent per budget, stream of decisions, the customer's contacts.
-- ARGV: promises as the caller read them or "", new promises, seconds to live, record for the stream, id of
-- the contact or "", now in ms, seconds that contacts are kept; then three per budget: id, amount, charge.
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then return 0 end
for i = 8, #ARGV, 3 do
  local spent = tonumber(redis.call('HGET', KEYS[2], ARGV[i]) or 0)
  if spent + tonumber(ARGV[i + 2]) > tonumber(ARGV[i + 1]) then return 0 end
end
for i = 8, #ARGV, 3 do redis.call('HINCRBYFLOAT', KEYS[2], ARGV[i], ARGV[i + 2]) end
redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3])
redis.call('XADD', KEYS[3], '*', 'd', ARGV[4])
if ARGV[5] ~= '' then
  local last = redis.call('ZREVRANGE', KEYS[4], 0, 0, 'WITHSCORES')[2]
  if not last or tonumber(last) < tonumber(ARGV[6]) - 86400000 then
    redis.call('ZADD', KEYS[4], ARGV[6], ARGV[5])
    redis.call('EXPIRE', KEYS[4], ARGV[7])
  end
end
return 1
