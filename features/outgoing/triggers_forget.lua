-- Rewrites the stream without one customer: XDEL alone would leave the deleted bytes in memory.
-- About a second for half a million triggers. KEYS: triggers, its copy. ARGV: customer.
local call = redis.call
local info = call('EXISTS', KEYS[1]) == 1 and call('XINFO', 'STREAM', KEYS[1])
if not info then return 0 end
local last_id
for i = 1, #info, 2 do
  if info[i] == 'last-generated-id' then last_id = info[i + 1] end
end
local after, forgotten = '-', 0
call('DEL', KEYS[2])
call('XGROUP', 'CREATE', KEYS[2], 'none', '0', 'MKSTREAM') -- a stream, even if it stays empty
call('XGROUP', 'DESTROY', KEYS[2], 'none')
repeat
  local page = call('XRANGE', KEYS[1], after, '+', 'COUNT', 1000)
  for _, entry in ipairs(page) do
    local of_customer = false
    for i = 1, #entry[2], 2 do
      of_customer = of_customer or (entry[2][i] == 'c' and entry[2][i + 1] == ARGV[1])
    end
    if of_customer then forgotten = forgotten + 1 else call('XADD', KEYS[2], entry[1], unpack(entry[2])) end
    after = '(' .. entry[1]
  end
until #page == 0
call('XSETID', KEYS[2], last_id)
call('RENAME', KEYS[2], KEYS[1])
return forgotten
