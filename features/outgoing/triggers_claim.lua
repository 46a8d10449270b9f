-- Leases the customers who are due, the longest overdue first; no other worker gets them until the lease
-- ends. A due time beyond the furthest possible one was set by a wrong clock, and counts as due.
-- Replies customer ids. KEYS: queue of customers. ARGV: now, end of the lease, furthest due time, limit.
local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, ARGV[4])
if #due == 0 then due = redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. ARGV[3], '+inf', 'LIMIT', 0, ARGV[4]) end
for _, customer in ipairs(due) do redis.call('ZADD', KEYS[1], ARGV[2], customer) end
return due
