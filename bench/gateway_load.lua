-- Asks what a file lists, line by line: the target, and behind a tab an If-None-Match if there is to be one.
-- Arguments: the file, the line to begin behind, and the mean pause between an answer and the next request in
-- milliseconds (0: none). Pauses are exponential, so that arrivals are those of many people who know nothing of each
-- other. Headers come from the command line.
local asked, at, pause = {}, 0, 0

function init(args)
  for line in io.lines(args[1]) do
    local target, tag = line:match("^([^\t]*)\t?(.*)$")
    wrk.headers["If-None-Match"] = tag ~= "" and tag or nil
    asked[#asked + 1] = wrk.format("GET", target)
  end
  at = tonumber(args[2]) % #asked
  pause = tonumber(args[3])
  math.randomseed(at)
  if pause > 0 then
    delay = function() return math.floor(0.5 - pause * math.log(1 - math.random())) end
  end
end

function request()
  at = at % #asked + 1
  return asked[at]
end

function done(summary, latency)
  local wrong = summary.errors
  io.write(string.format(
    '\nRESULT {"requests": %d, "microseconds": %d, "p50": %d, "p99": %d, "refused": %d, "broken": %d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    wrong.status, wrong.connect + wrong.read + wrong.write + wrong.timeout))
end
