-- Keeps a decision and charges its budgets, unless somebody decided for this customer since the caller looked,
-- or a budget has too little left. Replies 1 if it is kept, else 0: nothing has changed then.
-- KEYS: the customer's promises, money spent by budget, stream of decisions. ARGV: promises as the caller saw
-- them or "", promises now, seconds to live, record for the stream; then three a budget: id, amount, charge.
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then return 0 end
for i = 5, #ARGV, 3 do
  local spent = tonumber(redis.call('HGET', KEYS[2], ARGV[i]) or 0)
  if spent + tonumber(ARGV[i + 2]) > tonumber(ARGV[i + 1]) then return 0 end
end
for i = 5, #ARGV, 3 do redis.call('HINCRBYFLOAT', KEYS[2], ARGV[i], ARGV[i + 2]) end
redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3])
redis.call('XADD', KEYS[3], '*', 'd', ARGV[4])
return 1
