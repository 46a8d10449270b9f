-- A page of what is to be sent, and note that it was: whoever reads a trigger writes to its customer.
-- Replies {the last place looked at or "", place and JSON of each trigger in turn}.
-- KEYS: triggers. ARGV: after which place, how many to look at, now in ms, seconds that contacts are kept,
-- prefix of contacts, 1 to note or 0; then the kinds, or none for all.
local wanted = {}
for i = 7, #ARGV do wanted[ARGV[i]] = true end
local page = redis.call('XRANGE', KEYS[1], '(' .. ARGV[1], '+', 'COUNT', ARGV[2])
local found = {}
for _, entry in ipairs(page) do
  local trigger = {}
  for i = 1, #entry[2], 2 do trigger[entry[2][i]] = entry[2][i + 1] end
  if tonumber(trigger.x) > tonumber(ARGV[3]) and (#ARGV < 7 or wanted[trigger.k]) then
    table.insert(found, entry[1])
    table.insert(found, trigger.t)
    if ARGV[6] == '1' then
      redis.call('ZADD', ARGV[5] .. trigger.c, 'NX', ARGV[3], trigger.i)
      redis.call('EXPIRE', ARGV[5] .. trigger.c, ARGV[4])
    end
  end
end
return {#page > 0 and page[#page][1] or '', found}
