-- Stores products' news, unless another worker did so first, and queues the watchers of each product that
-- has good news. Replies 1 if it was stored, else 0.
-- KEYS: product news, queue of customers. ARGV: catalogue revision processed before, revision processed
-- now, now in ms, prefix of watchers; then three per product: id, JSON, 1 for good news or 0.
local product_news, look_due = KEYS[1], KEYS[2]
if tonumber(redis.call('HGET', product_news, '') or 0) ~= tonumber(ARGV[1]) then return 0 end
for i = 5, #ARGV, 3 do
  redis.call('HSET', product_news, ARGV[i], ARGV[i + 1])
  if ARGV[i + 2] == '1' then
    for _, customer in ipairs(redis.call('ZRANGE', ARGV[4] .. ARGV[i], 0, -1)) do
      redis.call('ZADD', look_due, 'LT', ARGV[3], customer)
    end
  end
end
redis.call('HSET', product_news, '', ARGV[2])
return 1
