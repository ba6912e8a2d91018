-- Sends the requests of a file one after another, and prints all that wrk measured.
local requests, last = {}, 0

function init(args)
  for request in io.open(args[1], "rb"):read("*a"):gmatch("[^\1]+") do
    requests[#requests + 1] = request
  end
end

function request()
  last = last % #requests + 1
  return requests[last]
end

function done(summary, latency)
  local e = summary.errors
  print("measured", summary.requests, summary.duration, e.status, e.connect + e.read + e.write + e.timeout)
  for i = 1, #latency do
    print("latency", latency(i))
  end
end
