-- Keeps what an opened e-mail shows, and replies it: what was kept before where that is young enough.
-- KEYS: openings of a customer. ARGV: name of the e-mail, the opening as "<ms> <JSON>", now in ms, for how long
-- one opening lasts in ms, life of the key in s, most openings of a customer.
local name, opening, now, lasts = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local kept = redis.call('HGET', KEYS[1], name)
if kept and tonumber(string.match(kept, '^%d+')) + lasts > now then return kept end
if not kept and redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[6]) then redis.call('DEL', KEYS[1]) end
redis.call('HSET', KEYS[1], name, opening)
redis.call('EXPIRE', KEYS[1], ARGV[5])
return opening
