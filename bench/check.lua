-- SPDX-License-Identifier: Apache-2.0
-- For wrk: GET /api/v1/check/{imei} for the IMEIs of a file, a line each, one after the other.
-- IMEIS: the file. BATCH: so many of them in each POST /api/v1/check, with the key KEY.
local requests, at = {}, 0

local function get(imei)
    requests[#requests + 1] = wrk.format("GET", "/api/v1/check/" .. imei)
end

local function post(imeis)
    local body = '{"imei":["' .. table.concat(imeis, '","') .. '"]}'
    local headers = { ["Content-Type"] = "application/json", Authorization = "Bearer " .. os.getenv("KEY") }
    requests[#requests + 1] = wrk.format("POST", "/api/v1/check", headers, body)
end

function init()
    local batch, imeis = tonumber(os.getenv("BATCH") or "1"), {}
    for imei in io.lines(os.getenv("IMEIS")) do
        if batch == 1 then
            get(imei)
        else
            imeis[#imeis + 1] = imei
            if #imeis == batch then
                post(imeis)
                imeis = {}
            end
        end
    end
end

function request()
    at = at % #requests + 1
    return requests[at]
end

function done(summary, latency)
    local seconds = summary.duration / 1e6
    io.write(string.format("requests=%d rate=%.0f errors=%d p99_ms=%.2f\n", summary.requests,
        summary.requests / seconds, summary.errors.status + summary.errors.read + summary.errors.write
        + summary.errors.timeout, latency:percentile(99) / 1e3))
end
