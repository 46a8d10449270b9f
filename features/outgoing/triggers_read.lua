-- A page of triggers to send.
-- Replies {id of the last entry read or "", entry id and JSON of each trigger in turn}.
-- KEYS: triggers. ARGV: entry id to read after, how many to read, now in ms; then the kinds, or none for all.
local wanted = {}
for i = 4, #ARGV do wanted[ARGV[i]] = true end
local page = redis.call('XRANGE', KEYS[1], '(' .. ARGV[1], '+', 'COUNT', ARGV[2])
local reply = {}
for _, entry in ipairs(page) do
  local trigger = {}
  for i = 1, #entry[2], 2 do trigger[entry[2][i]] = entry[2][i + 1] end
  if tonumber(trigger.x) > tonumber(ARGV[3]) and (#ARGV < 4 or wanted[trigger.k]) then
    table.insert(reply, entry[1])
    table.insert(reply, trigger.t)
  end
end
return {#page > 0 and page[#page][1] or '', reply}
