-- The Lua client as the scripts of clients/conformance and the trials against a hub drive it.
local tollbell = require "tollbell"
local url, options = ...

local function say(what) print(tollbell.encode(what)) end

local names = {
    backoff_min = "backoffMin", backoff_max = "backoffMax", stable_after = "stableAfter", open_within = "openWithin",
    ping_grace = "pingGrace",
}
local timing = {}
for name, ms in pairs(options.timing_ms or {}) do timing[names[name]] = ms / 1000 end

local store
if options.keeps then
    store = {
        load = function() return options.store end,
        save = function(position) say({ saved = position }) end,
    }
end

local token
if options.privatekey then
    function token()
        local opened, why = tollbell.api(url).login(options.privatekey)
        if not opened then error(why, 0) end
        return opened.token
    end
elseif options.tokens then
    local given = 0
    function token()
        given = math.min(given + 1, #options.tokens)
        if options.tokens[given] == "" then error("there is no token now", 0) end
        return options.tokens[given]
    end
end

local hub = tollbell.hub(url, {
    topics = options.topics or { "payments" }, kinds = options.kinds, since = options.since,
    snapshot = options.snapshot, store = store, token = token, timing = timing,
})
hub.on(function(event) say({ event = event.seq, kind = event.kind, data = event.data }) end)
hub.onGap(function(gap) say({ gap = gap.reason, held = gap.held, oldest = gap.oldest }) end)
hub.onHint(function(hint) say({ hint = hint.kind }) end)
hub.onSnapshot(function(part)
    say({ snapshot = part.topic, seq = part.seq, part = part.part, last = part.last })
end)
hub.onStatus(function(item)
    if item.type == "live" then
        say({ live = item.seq })
    elseif item.type == "revoked" then
        say({ revoked = item.topics, code = item.code })
    else
        local ms = item.inSeconds and math.floor(item.inSeconds * 1000 + 0.5)
        say({ status = item.status, in_ms = ms, reason = item.reason })
    end
end)

local stopped
parallel.waitForAny(function() stopped = hub.run() end, function()
    while true do
        os.pullEvent("test_close")
        hub.close()
    end
end)
if stopped then say({ stopped = stopped.code }) else say({ closed = true }) end
