-- Raw requests from a file (a line with the length, then so many bytes), in turns; latencies as they were.
local requests, at = {}, 0

function init(arguments)
  local file = assert(io.open(arguments[1], "rb"))
  for length in file:lines() do
    requests[#requests + 1] = file:read(tonumber(length))
  end
end

function request()
  at = at % #requests + 1
  return requests[at]
end

function done(summary, latency)
  local counts = {}
  for place = 1, #latency do
    local microseconds, count = latency(place)
    counts[place] = string.format("[%d,%d]", microseconds, count)
  end
  local wrong = summary.errors
  io.write(string.format(
    '\n{"microseconds":%d,"requests":%d,"wrong":%d,"counts":[%s]}\n', summary.duration, summary.requests,
    wrong.connect + wrong.read + wrong.write + wrong.status + wrong.timeout, table.concat(counts, ",")
  ))
end
