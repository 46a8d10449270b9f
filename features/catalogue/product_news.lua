-- Takes over news of products, unless somebody else did; wakes those who watch what there is good news of.
-- KEYS: goods, customers to look at. ARGV: revision that was seen, revision seen now, now in ms, prefix of
-- watchers; then three a product: id, JSON, 1 for good news or 0.
local goods, look_due = KEYS[1], KEYS[2]
if tonumber(redis.call('HGET', goods, '') or 0) ~= tonumber(ARGV[1]) then return 0 end
for i = 5, #ARGV, 3 do
  redis.call('HSET', goods, ARGV[i], ARGV[i + 1])
  if ARGV[i + 2] == '1' then
    for _, customer in ipairs(redis.call('ZRANGE', ARGV[4] .. ARGV[i], 0, -1)) do
      redis.call('ZADD', look_due, 'LT', ARGV[3], customer)
    end
  end
end
redis.call('HSET', goods, '', ARGV[2])
return 1
