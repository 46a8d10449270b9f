-- Rewrites a stream: XDEL alone leaves the deleted bytes in memory and in the log. What its group has read and
-- not acknowledged is read again. KEYS: the stream, its copy. ARGV: the group.
local call = redis.call
if call('EXISTS', KEYS[1]) == 0 then return 0 end
local last_id
local info = call('XINFO', 'STREAM', KEYS[1])
for i = 1, #info, 2 do
  if info[i] == 'last-generated-id' then last_id = info[i + 1] end
end
call('DEL', KEYS[2])
call('XGROUP', 'CREATE', KEYS[2], ARGV[1], '0', 'MKSTREAM')
local after, copied = '-', 0
repeat
  local page = call('XRANGE', KEYS[1], after, '+', 'COUNT', 1000)
  for _, entry in ipairs(page) do
    call('XADD', KEYS[2], entry[1], unpack(entry[2]))
    after, copied = '(' .. entry[1], copied + 1
  end
until #page == 0
call('XSETID', KEYS[2], last_id)
call('RENAME', KEYS[2], KEYS[1])
return copied
