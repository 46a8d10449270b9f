-- Customers whose time has come, the longest waiting first; nobody else gets them until the lease ends.
-- A time further ahead than anybody is ever put off was set by a clock that was wrong: it has come, too.
-- Replies customer ids. KEYS: customers to look at. ARGV: now, lease's end, furthest time ahead, how many.
local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, ARGV[4])
if #due == 0 then due = redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. ARGV[3], '+inf', 'LIMIT', 0, ARGV[4]) end
for _, customer in ipairs(due) do redis.call('ZADD', KEYS[1], ARGV[2], customer) end
return due
