--- The ComputerCraft client of the tollbell realtime hub: every event once, in order, across reconnects.
--
-- One file for CC:Tweaked. Put it beside your program and `local tollbell = require "tollbell"`; README.md says how.
--
-- How it is built: `newSession` decides everything and touches nothing: frames, time and chance go in, actions come out.
-- `hub` owns the sockets, the timers and the handlers, and does as it is told. `api` makes requests, `shop` sells.
-- Invariants: an event reaches its handlers once and in order; what can't be resumed is told as a gap; the stored
-- position never runs ahead of what the handlers have finished.
--
-- What a computer is, and what follows: a message is at most 128 KiB, and the hub's are at most 64. There is no ping to
-- see, so the client asks for one itself. A computer has 4 websockets; this one uses one, and two for a moment during a
-- deploy. And a computer forgets events silently when 256 wait: so the client counts what waits, and when it can't be
-- sure that nothing was forgotten, it resumes behind what it is sure of. A long way is caught up page by page over HTTP.

local tollbell = { version = "0.1.0" }

--- Events that a computer keeps; what comes when so many wait is lost without a word.
local QUEUE_EVENTS_MAX = 256
--- Events that may be missing before they are fetched by pages instead of by websocket.
local BEHIND_EVENTS_MAX = 64
--- Events of one page.
local PAGE_EVENTS_MAX = 200
--- Frames that wait for a handler. More are left to the hub, which keeps the place.
local INBOX_FRAMES_MAX = 1024
--- Positions beyond this are not exact in a number.
local SEQ_MAX = 2 ^ 53
--- How often a request is sent at most, and the longest wait in seconds before another attempt.
local ATTEMPTS_MAX, RETRY_WAIT_MAX = 4, 30
--- The size of a message that a computer takes in or sends, in bytes.
local MESSAGE_BYTES_MAX = 128 * 1024

local CLOSE_DONE, CLOSE_PROTOCOL = 1000, 1002

-- ---- JSON -----------------------------------------------------------------------------------------------------------

local null = textutils.json_null

--- Writes JSON. Whole numbers are written whole, however large: `tostring` would give 1e+15.
local function encode(value)
    local kind = type(value)
    if value == null then
        return "null"
    elseif kind == "number" then
        if value ~= value or value == math.huge or value == -math.huge then
            error("a number without a JSON form", 2)
        end
        return value % 1 == 0 and string.format("%.0f", value) or string.format("%.14g", value)
    elseif kind == "boolean" then
        return tostring(value)
    elseif kind == "string" then
        local escaped = value:gsub('[%c"\\]', function(c) return string.format("\\u%04x", c:byte()) end)
        return '"' .. escaped .. '"'
    elseif kind ~= "table" then
        error("a " .. kind .. " has no JSON form", 2)
    end
    local parts = {}
    if #value > 0 or value == textutils.empty_json_array then
        for index, item in ipairs(value) do parts[index] = encode(item) end
        return "[" .. table.concat(parts, ",") .. "]"
    end
    for key, item in pairs(value) do parts[#parts + 1] = encode(tostring(key)) .. ":" .. encode(item) end
    return "{" .. table.concat(parts, ",") .. "}"
end

--- Reads JSON; nil and a reason when it is none.
local function decode(text)
    local ok, value, reason = pcall(textutils.unserialiseJSON, text)
    if not ok then return nil, tostring(value) end
    return value, reason
end

-- ---- how a link can be lost, and what to do then ---------------------------------------------------------------------

--- Every close code the protocol names. A code that is not here is a lost link.
tollbell.closeCodes = {
    [1000] = { "the conversation is over", "stop" },
    [1001] = { "the server is going away", "resume" },
    [1009] = { "a frame was too large", "stop" },
    [1012] = { "the server restarts", "spread" },
    [1013] = { "the server is overloaded", "not before" },
    [4400] = { "a message was malformed", "stop" },
    [4401] = { "the credentials are bad or revoked", "token" },
    [4403] = { "the token has expired", "token" },
    [4408] = { "a ping went unanswered", "resume" },
    [4413] = { "the link took no byte for too long", "resume" },
    [4429] = { "too many commands or connections", "resume" },
    [4500] = { "the server failed", "resume" },
}
--- Seconds over which clients spread that lost a restarted server, and that an overloaded one is left alone.
local SPREAD, NOT_BEFORE = 5, 5

local function failed(reason) return { code = "failed", reason = reason, advice = "resume" } end

local function closed(code, reason)
    -- A computer gives no code when it is itself who finds a message too large; it would be so again.
    if code == nil and reason == "Message is too large" then code = 1009 end
    if code == nil then return failed(reason or "the link was cut") end
    local row = tollbell.closeCodes[code] or { "the link was closed", "resume" }
    local told = reason and reason:match('retry_after_ms["%s:=]*(%d+)')
    return {
        code = code,
        reason = (reason and reason ~= "") and reason or row[1],
        advice = row[2],
        told = told and #told <= 12 and tonumber(told) / 1000 or nil,
    }
end

--- A computer is told of a refused handshake by a sentence with the HTTP status in it.
local function unopened(reason)
    local status = tonumber(tostring(reason):match("getStatus: (%d%d%d)") or "")
    if status == nil then return failed(tostring(reason)) end
    local advice = "resume"
    if status == 401 then
        advice = "token"
    elseif status >= 400 and status <= 499 and status ~= 408 and status ~= 425 and status ~= 429 then
        advice = "stop"
    end
    return { code = status, reason = "the server answered with HTTP " .. status, advice = advice }
end

local function refused(code, reason)
    local token = code == "unauthorized" or code == "token_expired"
    return { code = code, reason = reason, advice = token and "token" or "stop" }
end

-- ---- the session: all decisions, no IO -------------------------------------------------------------------------------

--- Waiting times in seconds. The defaults suit everyone; tests make them short.
tollbell.timing = {
    --- The ceiling of the first random wait before an attempt; it doubles with each failure.
    backoffMin = 0.25,
    --- The highest ceiling.
    backoffMax = 20,
    --- A link that lasted this long clears the count of failures.
    stableAfter = 30,
    --- How long opening a socket may take until the server's greeting.
    openWithin = 10,
    --- How much longer than the server's own ping interval silence may last.
    pingGrace = 10,
}

local function number(value)
    if type(value) ~= "number" or value < 0 or value % 1 ~= 0 or value > SEQ_MAX then
        error("no number of an event", 0)
    end
    return value
end

local function text(value)
    if type(value) ~= "string" then error("no text", 0) end
    return value
end

--- Takes in what happened, and puts what is to be done into the list it returns: {"open", link, token},
-- {"send", link, message}, {"close", link}, {"fetch"}, {"emit", item}, {"save", position}, {"stop", why}.
--
-- A session has one position and up to two links: the one that serves, and while the server drains the one that is to
-- replace it. A link subscribed with `since` delivers everything behind it in order, so whatever it brings beyond the
-- position is the next event, and whatever is not is known.
local function newSession(plan, position, now)
    local session = { position = position, topics = {}, links = {}, stopped = false, connected = false }
    for index, topic in ipairs(plan.topics) do session.topics[index] = topic end
    local timing, links = plan.timing, session.links
    local at, roll = now, 0
    local failures, openAt, ids, out = 0, now, 0, {}
    local beginAt = plan.beginAt
    local held, refusedToken, fetching, fetchOpens, renewAt
    local on, lose = {}, nil

    local function push(...) out[#out + 1] = { ... } end

    local function nextId()
        ids = ids + 1
        return ids
    end

    local function find(id)
        for index, link in ipairs(links) do
            if link.id == id then return link, index end
        end
    end

    local function emit(item) push("emit", item) end

    local function reconnecting(delay, reason)
        session.connected = false
        emit({ type = "status", status = "reconnecting", inSeconds = delay, reason = reason })
    end

    local function stop(code, reason)
        session.stopped, session.connected = true, false
        for _, link in ipairs(links) do push("close", link.id, CLOSE_DONE) end
        for index = #links, 1, -1 do links[index] = nil end
        push("stop", { code = code, reason = reason })
    end

    local function keepOnly(link)
        for _, other in ipairs(links) do
            if other ~= link then push("close", other.id, CLOSE_DONE) end
        end
        for index = #links, 1, -1 do links[index] = nil end
        links[1] = link
    end

    --- Full jitter: the whole wait is random below a doubling ceiling, so that many clients come back spread out.
    local function backoff()
        local ceiling = math.min(timing.backoffMin * 2 ^ math.min(failures, 60), timing.backoffMax)
        failures = failures + 1
        return ceiling * roll
    end

    local function schedule(delay, reason)
        openAt = at + delay
        if #links == 0 then
            renewAt = nil
            reconnecting(delay, reason)
        end
    end

    -- Tokens.

    local function fetch()
        if not fetching then
            fetching = true
            push("fetch")
        end
    end

    --- Never offers a refused token again. One fetched since then is another matter.
    local function discard(token)
        if token ~= nil then
            refusedToken = token
            if held == token then held = nil end
        end
    end

    local function open()
        openAt = nil
        if plan.credentialed and held == nil then
            fetchOpens = true
            return fetch()
        end
        local link = { id = nextId(), token = held, heard = at, silence = timing.openWithin }
        links[#links + 1] = link
        push("open", link.id, held)
    end

    local function tokenCame(token, why)
        local opens = fetchOpens
        fetching, fetchOpens = false, false
        if token == nil then
            local delay = backoff()
            if opens then schedule(delay, "no token: " .. tostring(why)) else renewAt = at + delay end
        elseif token == refusedToken then
            -- There is no use in opening a link. One that still serves may do so to its end.
            if opens and #links == 0 then
                stop("unauthorized", "the token was refused, and the same one came again")
            elseif opens then
                schedule(backoff(), "the same token came again")
            end
        else
            renewAt = nil
            if token ~= held then
                held = token
                for _, link in ipairs(links) do
                    if link.epoch then
                        link.presented = { nextId(), token }
                        push("send", link.id, { type = "auth", id = link.presented[1], token = token })
                    end
                end
            end
            if opens then open() end
        end
    end

    -- Losing links.

    local function delayAfter(link, loss)
        local told = link.replaceAt or link.told
        if loss.told then return loss.told end
        if told and told > at then return told - at end
        if loss.advice == "spread" then return SPREAD * roll end
        return (loss.advice == "not before" and NOT_BEFORE or 0) + backoff()
    end

    function lose(id, loss)
        local link, index = find(id)
        if link == nil then return end
        table.remove(links, index)
        if link.joinedAt and at - link.joinedAt >= timing.stableAfter then failures = 0 end
        if loss.advice == "token" then discard(link.token) end
        if #links > 0 then
            -- The link that was replaced may go as it likes. Its replacement is tried again while the old one serves.
            if index == 2 then
                schedule(delayAfter(link, loss), loss.reason)
            elseif not links[1].joinedAt then
                reconnecting(0, loss.reason)
            end
        elseif loss.advice == "token" and not plan.credentialed then
            stop("unauthorized", loss.reason)
        elseif loss.advice == "stop" then
            stop(loss.code, loss.reason)
        else
            schedule(delayAfter(link, loss), loss.reason)
        end
    end

    local function drop(link, code, loss)
        push("close", link.id, code)
        lose(link.id, loss)
    end

    -- The conversation on a link.

    local function advance(link, seq)
        local position = session.position
        if position and position.epoch == link.epoch and position.seq >= seq then return false end
        session.position = { epoch = link.epoch, seq = seq }
        return true
    end

    local function save()
        if session.position then push("save", session.position) end
    end

    local function subscribe(link)
        if not session.position then keepOnly(link) end
        link.request, link.resuming = nextId(), session.position ~= nil
        local position = session.position or {}
        push("send", link.id, {
            type = "subscribe", id = link.request, topics = session.topics, kinds = plan.kinds,
            epoch = position.epoch, since = position.seq,
            -- A position is resumed or refused, never quietly replaced by a snapshot.
            snapshot = (plan.snapshot and not session.position) or false,
        })
    end

    --- Tells the application what it lost. What follows on this link begins anew.
    local function gap(link, reason, oldest)
        keepOnly(link)
        if session.position then
            emit({ type = "gap", reason = reason, held = session.position, oldest = oldest })
            session.position = nil
        end
    end

    function on.welcome(link, message)
        if link.epoch then return end
        local epoch, ping, head = text(message.epoch), number(message.ping_s), number(message.head or 0)
        -- Taken once: after a gap the session begins anew at the head, not at the number that could not be had.
        if beginAt and not session.position then session.position = { epoch = epoch, seq = beginAt } end
        beginAt = nil
        link.epoch, link.heard, link.ping, link.silence = epoch, at, ping, ping + timing.pingGrace
        local position = session.position
        if position and position.epoch == epoch and head - position.seq > BEHIND_EVENTS_MAX then
            link.paging = true
            push("page", link.id, position, link.token)
        else
            subscribe(link)
        end
    end

    function on.subscribed(link, message)
        local mode, from = text(message.mode), number(message.from)
        if not link.request or link.joinedAt then return end
        link.request, link.joinedAt = nil, at
        if link.resuming and mode ~= "resumed" then gap(link, "gone") end
        if not session.connected then
            session.connected = true
            emit({ type = "status", status = "connected" })
        end
        -- With a snapshot the position is that behind it, and not held before all its parts are there.
        if not session.position and mode ~= "snapshot" then
            advance(link, math.max(from - 1, 0))
            save()
        end
    end

    local function event(link, message)
        local item = {
            type = "event", seq = number(message.seq), kind = text(message.kind), topics = message.topics,
            at = text(message.at), data = message.data,
        }
        if type(item.topics) ~= "table" or item.data == nil then error("an event without topics or data", 0) end
        local first = session.position == nil
        if advance(link, item.seq) then emit(item) end
        if first then save() end
    end

    function on.event(link, message)
        if link.joinedAt then return event(link, message) end
        number(message.seq)
        drop(link, CLOSE_PROTOCOL, failed("an event came before the subscription was accepted"))
    end

    function on.snapshot(link, message)
        local item = {
            type = "snapshot", topic = text(message.topic), seq = number(message.seq), part = number(message.part),
            last = message.last, data = message.data,
        }
        if links[1] == link then emit(item) end
    end

    function on.mark(link, message)
        local seq = number(message.seq)
        -- Between the parts of a first snapshot a mark says nothing: the parts still missing have no number.
        if session.position and link.joinedAt then
            advance(link, seq)
            save()
        end
    end

    function on.live(link, message)
        local seq = number(message.seq)
        if not link.joinedAt then return end
        advance(link, seq)
        save()
        if links[1] == link then
            emit({ type = "live", seq = seq })
        else
            -- The replacement has caught up: now the link it replaces can go, and the application notices nothing.
            keepOnly(link)
        end
    end

    function on.hint(link, message)
        if links[1] == link then
            emit({ type = "hint", kind = text(message.kind), topics = message.topics, data = message.data })
        end
    end

    function on.expiring()
        if plan.credentialed then renewAt = at end
    end

    function on.drain(link, message) link.replaceAt = at + number(message.reconnect_in_ms) / 1000 end

    function on.ok(link, message)
        if link.presented and link.presented[1] == message.id then
            link.token, link.presented = link.presented[2], nil
        end
    end

    function on.revoked(_, message)
        local lost, left = {}, {}
        for _, topic in ipairs(message.topics) do lost[topic] = true end
        for _, topic in ipairs(session.topics) do
            if not lost[topic] then left[#left + 1] = topic end
        end
        if #left < #session.topics then
            session.topics = left
            emit({ type = "revoked", topics = message.topics, code = text(message.code) })
        end
        if #left == 0 then stop("no_topics", "no topic is left to listen to") end
    end

    function on.error(link, message)
        local code, reason, answers = text(message.code), tostring(message.message or ""), message.id
        if message.retry_after_ms then link.told = at + number(message.retry_after_ms) / 1000 end
        if not link.request or answers ~= link.request then
            -- A refused `auth` is followed by the close that says what to do.
            if link.presented and answers == link.presented[1] then
                discard(link.presented[2])
                link.presented = nil
            end
        elseif (code == "gone" or code == "epoch_changed") and link.resuming then
            gap(link, code, message.oldest)
            subscribe(link)
        elseif code ~= "unauthorized" and code ~= "token_expired" and (message.retry or code == "rate_limited") then
            drop(link, CLOSE_DONE, failed("the server cannot subscribe now: " .. reason .. " (" .. code .. ")"))
        else
            drop(link, CLOSE_DONE, refused(code, reason))
        end
    end

    local function frame(link, content)
        local message, reason = decode(content)
        if type(message) ~= "table" or type(message.type) ~= "string" then
            reason = reason or "no message"
        elseif not link.epoch and message.type ~= "welcome" then
            reason = "no greeting came first"
        else
            if link.epoch then link.heard, link.asked = at, nil end
            local ok = true
            if on[message.type] then ok, reason = pcall(on[message.type], link, message) end
            if ok then return end
        end
        -- Skipping a frame could skip an event. The position has not moved, so resuming brings it again.
        if find(link.id) then
            drop(link, CLOSE_PROTOCOL, failed("a frame of the server is malformed: " .. tostring(reason)))
        end
    end

    local function openDue()
        if fetchOpens or #links > 1 then return nil end
        if openAt or #links == 0 then return openAt end
        return links[1].replaceAt
    end

    local function catchUpWithTime()
        local index = 1
        while links[index] and not session.stopped do
            local link = links[index]
            if link.heard + link.silence <= at then
                drop(link, CLOSE_DONE, failed("the server fell silent"))
                index = 1
            else
                -- Nobody shows a computer the hub's pings, so it asks for a sign of life itself.
                if link.ping and not link.asked and link.heard + link.ping <= at then
                    link.asked = true
                    push("send", link.id, { type = "ping", id = nextId() })
                end
                index = index + 1
            end
        end
        if session.stopped then return end
        local due = openDue()
        if due and due <= at then
            for _, link in ipairs(links) do link.replaceAt = nil end
            open()
        end
        if renewAt and not fetching and renewAt <= at then
            renewAt = nil
            fetch()
        end
    end

    --- Runs one turn: `happened` is a function of the session, or nil when only time has passed.
    local function turn(time, chance, happened)
        at, roll = time, chance
        if not session.stopped then
            if happened then happened() end
            if not session.stopped then catchUpWithTime() end
        end
        local actions = out
        out = {}
        return actions
    end

    function session.tick(time, chance) return turn(time, chance) end

    function session.frame(time, chance, id, content)
        return turn(time, chance, function()
            local link = find(id)
            -- A frame of a link that was closed may still be on its way in.
            if link then frame(link, content) end
        end)
    end

    function session.lost(time, chance, id, loss)
        return turn(time, chance, function() lose(id, loss) end)
    end

    --- A sentence about a link that must be given up although it may be fine.
    function session.distrust(time, chance, reason)
        return turn(time, chance, function()
            while links[1] and not session.stopped do drop(links[1], CLOSE_DONE, failed(reason)) end
        end)
    end

    function session.token(time, chance, token, why)
        return turn(time, chance, function() tokenCame(token, why) end)
    end

    --- A page of events came for a link that is not subscribed yet; nil when there is none to be had.
    function session.page(time, chance, id, page)
        return turn(time, chance, function()
            local link = find(id)
            if not link or not link.paging then return end
            local position = session.position
            if page and position and page.epoch == position.epoch and position.epoch == link.epoch then
                link.heard, link.asked = at, nil
                for _, message in ipairs(page.events) do
                    local ok, reason = pcall(event, link, message)
                    if not ok then return drop(link, CLOSE_DONE, failed("a page is malformed: " .. tostring(reason))) end
                end
                advance(link, number(page.next))
                save()
                if page.head - page.next > BEHIND_EVENTS_MAX then
                    return push("page", link.id, session.position, link.token)
                end
            end
            -- What pages can't give, subscribing gives or refuses with its reason.
            link.paging = nil
            subscribe(link)
        end)
    end

    --- Nobody was reading the links for a while; their silence until now means nothing.
    function session.listening(time)
        for _, link in ipairs(links) do link.heard = time end
    end

    --- When `tick` is wanted, whatever else comes before.
    function session.deadline()
        local due = openDue()
        if renewAt and not fetching then due = math.min(due or renewAt, renewAt) end
        for _, link in ipairs(links) do
            local silence = link.heard + link.silence
            if link.ping and not link.asked then silence = math.min(silence, link.heard + link.ping) end
            due = math.min(due or silence, silence)
        end
        return due
    end

    return session
end

-- ---- addresses and requests ------------------------------------------------------------------------------------------

local function apiUrl(url)
    local scheme, rest = tostring(url):match("^(%a+)://([^?#]+)")
    local http = ({ http = "http", ws = "http", https = "https", wss = "https" })[scheme]
    if not http then
        error(tostring(url) .. " is no address of a hub; write it like https://hub.example", 3)
    end
    return http .. "://" .. rest:gsub("/+$", "")
end

local made = 0

--- A word that nothing else has. Chance alone is too little: some computers are seeded alike.
local function unique()
    made = made + 1
    return string.format("cc%d-%.0f-%d-%06x", os.getComputerID(), os.epoch("utc"), made, math.random(0, 0xffffff))
end

--- A URL that no other request has. A computer tells answers apart by URL only; what follows `#` is never sent.
local function tagged(url) return url .. "#" .. unique() end

--- Evenly from 0 to 1, and different on computers that are seeded alike: those must not come back all at once.
local function chance() return (math.random() + os.getComputerID() * 0.6180339887) % 1 end

local function segment(value)
    return (tostring(value):gsub("[^%w%-%._~]", function(c) return string.format("%%%02X", c:byte()) end))
end

--- Sends one request and waits for its answer: {status, headers, body}, or nil and a reason. It yields.
local function exchange(method, url, headers, body)
    url = tagged(url)
    local ok, reason = http.request({ url = url, method = method, headers = headers, body = body, timeout = 30 })
    if ok == false then return nil, reason end
    while true do
        local event, from, answer, handle = os.pullEvent()
        if from == url and (event == "http_success" or event == "http_failure") then
            local response = event == "http_success" and answer or handle
            if not response then return nil, answer end
            local found = {
                status = response.getResponseCode(), headers = response.getResponseHeaders() or {},
                body = response.readAll() or "",
            }
            response.close()
            return found
        end
    end
end

--- Requests to the hub at `url`, such as `https://hub.example`; a guest's without a token. Every method waits for the
-- answer and gives what stands in its `data`, or nil and {status, code, message, details}.
function tollbell.api(url, token)
    local base = apiUrl(url)
    local api = { token = token }

    --- Sends a request until it has an answer that another attempt would not better. What changes something carries an
    -- Idempotency-Key and repeats it, so it has its effect once. `path` is below `/api/v1/`, or begins with `/`.
    function api.request(method, path, body)
        local headers = { Accept = "application/json" }
        if api.token then headers.Authorization = "Bearer " .. api.token end
        if method ~= "GET" then headers["Idempotency-Key"] = unique() end
        local content
        if method ~= "GET" then
            headers["Content-Type"] = "application/json"
            content = next(body or {}) and encode(body) or "{}"
        end
        local target = base .. (path:sub(1, 1) == "/" and path or "/api/v1/" .. path)
        for attempt = 1, ATTEMPTS_MAX do
            local answer, reason = exchange(method, target, headers, content)
            local wait = 0.25 * 2 ^ attempt * chance()
            local retried = not answer or answer.status == 429 or (answer.status >= 502 and answer.status <= 504)
            if answer and retried then
                for name, value in pairs(answer.headers) do
                    if name:lower() == "retry-after" then wait = wait + (tonumber(value) or 0) end
                end
            end
            if not retried or attempt == ATTEMPTS_MAX or wait > RETRY_WAIT_MAX then
                if not answer then
                    return nil, { status = 0, code = "unreachable", message = tostring(reason) }
                end
                local read = answer.body ~= "" and decode(answer.body) or {}
                if type(read) ~= "table" then read = {} end
                if answer.status < 300 then return read.data == nil and read or read.data end
                local why = type(read.error) == "table" and read.error or read
                return nil, {
                    status = answer.status, code = why.code or "unexpected",
                    message = why.message or "the hub answered with an unexpected body", details = why.details,
                }
            end
            sleep(wait)
        end
    end

    --- Reads. `query` is a table of words.
    function api.get(path, query)
        local parts = {}
        for key, value in pairs(query or {}) do parts[#parts + 1] = segment(key) .. "=" .. segment(value) end
        table.sort(parts)
        return api.request("GET", #parts > 0 and path .. "?" .. table.concat(parts, "&") or path)
    end

    --- Changes.
    function api.post(path, body) return api.request("POST", path, body) end

    --- Opens a session for the wallet of a private key, and speaks for it from now on.
    function api.login(privatekey)
        local opened, why = api.post("login", { privatekey = privatekey })
        if opened then api.token = opened.token end
        return opened, why
    end

    --- Pays from the wallet of the token. Write amounts with decimals as text. A second order with the same request id
    -- is the same payment, on another computer too.
    function api.pay(to, amount, metadata, requestId)
        return api.post("payments", { to = to, amount = amount, metadata = metadata, request_id = requestId })
    end

    --- One wallet.
    function api.wallet(address) return api.get("wallets/" .. segment(address)) end

    --- One contract.
    function api.contract(id) return api.get("contracts/" .. segment(id)) end

    --- Subscribes the wallet of the token, at no more than `maxPrice` a term.
    function api.subscribe(contract, maxPrice)
        return api.post("contracts/" .. segment(contract) .. "/subscribers", { max_price = maxPrice })
    end

    return api
end

-- ---- where the position is kept --------------------------------------------------------------------------------------

--- Reads a small JSON file; nil when there is none. Of a file whose replacement a crash interrupted, the new one counts.
local function readFile(path)
    for _, name in ipairs({ path, path .. ".new" }) do
        local file = fs.exists(name) and fs.open(name, "r")
        if file then
            local content = file.readAll()
            file.close()
            local value = decode(content or "")
            if type(value) == "table" then return value end
            if name == path then error(path .. " holds no JSON; repair or remove it", 0) end
        end
    end
    return nil
end

--- Replaces a small JSON file, so that a crash leaves the old or the new one.
local function writeFile(path, value)
    local file, reason = fs.open(path .. ".new", "w")
    if not file then error(reason or "cannot write " .. path, 0) end
    file.write(encode(value))
    file.close()
    if fs.exists(path) then fs.delete(path) end
    fs.move(path .. ".new", path)
end

--- Keeps the position in a file. A store is anything with `load()` and `save(position)`.
function tollbell.fileStore(path)
    return {
        load = function() return readFile(path) end,
        save = function(position) writeFile(path, position) end,
    }
end

-- ---- the hub: sockets, timers and handlers ---------------------------------------------------------------------------

--- The word that a computer's queue is measured with.
local FENCE = "tollbell_fence"

--- A client of the hub at `url`, such as `https://hub.example`. Options: `topics` (at least one), `kinds`, `token` (a
-- token, or a function that is asked for one), `since` (a position {epoch, seq} or a bare number), `snapshot`, `store`,
-- `timing`. Register handlers with `on` and its neighbours, and then `run()`, alone or in `parallel`.
function tollbell.hub(url, options)
    options = options or {}
    if type(options.topics) ~= "table" or #options.topics == 0 then error("no topic is named; name at least one", 2) end
    local base = apiUrl(url)
    local address = base:gsub("^http", "ws") .. "/api/v1/ws"
    local timing = {}
    for name, value in pairs(tollbell.timing) do timing[name] = (options.timing or {})[name] or value end
    local plan = {
        topics = options.topics, kinds = options.kinds and #options.kinds > 0 and options.kinds or nil,
        beginAt = type(options.since) == "number" and options.since or nil,
        snapshot = options.snapshot, credentialed = options.token ~= nil, timing = timing,
    }

    local hub = { state = "connecting", position = nil }
    local handlers = { event = {}, gap = {}, snapshot = {}, hint = {}, status = {} }
    local session
    --- By link: its tagged URL, and its handle once it is open. By tagged URL: its link.
    local urls, sockets, linksOf = {}, {}, {}
    --- Tagged URLs of sockets that were given up before they were open.
    local abandoned = {}
    --- Frames and other inputs that wait for the handlers, and what the session wants done next.
    local inbox, actions = {}, {}
    --- Coroutines beside the loop: the handler that runs, the token source, a page on its way.
    local tasks = {}
    local closing, stopped = false, nil

    local function register(list, handler)
        if type(handler) ~= "function" then error("a handler is a function", 3) end
        list[#list + 1] = handler
        return handler
    end

    --- Calls the handler with each event of a kind: a word such as `payment.made`, a family such as `payment.*`, or `*`.
    -- Handlers run one after the other, in order; they may sleep and make requests.
    function hub.on(kind, handler)
        if type(kind) == "function" then kind, handler = "*", kind end
        handlers.event[kind] = handlers.event[kind] or {}
        return register(handlers.event[kind], handler)
    end

    --- Calls the handler with a gap: read anew what was built from events.
    function hub.onGap(handler) return register(handlers.gap, handler) end

    --- Calls the handler with each part of a snapshot.
    function hub.onSnapshot(handler) return register(handlers.snapshot, handler) end

    --- Calls the handler with each hint.
    function hub.onHint(handler) return register(handlers.hint, handler) end

    --- Calls the handler with what the link does: `connected`, `reconnecting`, `live`, `revoked`.
    function hub.onStatus(handler) return register(handlers.status, handler) end

    local function call(item)
        local lists = { handlers[item.type] or handlers.status }
        if item.type == "event" then
            local family = item.kind:match("^[^.]*") .. ".*"
            lists = { handlers.event[item.kind] or {}, handlers.event[family] or {}, handlers.event["*"] or {} }
        end
        local heard = false
        for _, list in ipairs(lists) do
            for _, handler in ipairs(list) do
                heard = true
                handler(item)
            end
        end
        if item.type == "gap" and not heard then
            printError("tollbell: events behind " .. string.format("%.0f", item.held.seq) .. " are lost (" .. item.reason .. ")")
        end
    end

    -- Coroutines. A handler that sleeps must not eat the loop's events, so it gets its own coroutine and a copy.

    local function step(task, ...)
        local ok, filter = coroutine.resume(task.thread, ...)
        if not ok then error(filter, 0) end
        task.filter = filter
        if coroutine.status(task.thread) == "dead" then
            for index, other in ipairs(tasks) do
                if other == task then table.remove(tasks, index) end
            end
            return true
        end
        return false
    end

    --- Begins something beside the loop; true when it is done already.
    local function spawn(work)
        local task = { thread = coroutine.create(work) }
        tasks[#tasks + 1] = task
        return step(task)
    end

    local function pass(event)
        local running = {}
        for index, task in ipairs(tasks) do running[index] = task end
        for _, task in ipairs(running) do
            if task.filter == nil or task.filter == event[1] or event[1] == "terminate" then
                step(task, table.unpack(event, 1, event.n))
            end
        end
    end

    -- Inputs to the session, and what comes of them.

    local handling = false

    local function feed(list)
        for _, action in ipairs(list) do actions[#actions + 1] = action end
    end

    local function now() return os.clock() end

    local function dial(link, token)
        local headers = {}
        if token then headers.Authorization = "Bearer " .. token end
        local tag = tagged(address)
        urls[link], linksOf[tag] = tag, link
        local ok, opened, reason = pcall(http.websocketAsync, tag, headers)
        if not ok or opened == false then
            urls[link], linksOf[tag] = nil, nil
            inbox[#inbox + 1] = { "lost", link, failed(tostring(not ok and opened or reason)) }
        end
    end

    local function hangUp(link)
        local socket = sockets[link]
        if socket then pcall(socket.close) end
        local tag = urls[link]
        -- A socket that is still opening is closed when it comes: nobody waits for its link any more.
        if tag and not socket then abandoned[tag] = true end
        if tag then linksOf[tag] = nil end
        urls[link], sockets[link] = nil, nil
    end

    local function fetchToken()
        spawn(function()
            local ok, token = true, options.token
            local why
            if type(token) == "function" then ok, token, why = pcall(token) end
            if not ok then token, why = nil, token end
            if type(token) ~= "string" or token == "" then token, why = nil, why or "the token source gave none" end
            inbox[#inbox + 1] = { "token", token, type(why) == "table" and why.message or why }
        end)
    end

    --- A gap of many events is read by pages: a computer's queue would overflow behind a websocket that catches up.
    local function fetchPage(link, position, token)
        spawn(function()
            local topics = {}
            for index, topic in ipairs(session.topics) do topics[index] = segment(topic) end
            local path = string.format(
                "/api/v1/events?topics=%s&epoch=%s&since=%.0f&limit=%d",
                table.concat(topics, ","), segment(position.epoch), position.seq, PAGE_EVENTS_MAX
            )
            if plan.kinds then path = path .. "&kinds=" .. segment(table.concat(plan.kinds, ",")) end
            local headers = { Accept = "application/json" }
            if token then headers.Authorization = "Bearer " .. token end
            local answer = exchange("GET", base .. path, headers)
            local page = answer and answer.status == 200 and decode(answer.body) or nil
            if type(page) ~= "table" or type(page.events) ~= "table" or type(page.head) ~= "number" then page = nil end
            inbox[#inbox + 1] = { "page", link, page }
        end)
    end

    local function perform(action)
        local what, link = action[1], action[2]
        if what == "open" then
            dial(link, action[3])
        elseif what == "send" then
            local socket, content = sockets[link], encode(action[3])
            if #content > MESSAGE_BYTES_MAX then error("too many topics for one message of a computer", 0) end
            -- A socket that is gone is told by its event.
            if socket then pcall(socket.send, content) end
        elseif what == "close" then
            hangUp(link)
        elseif what == "fetch" then
            fetchToken()
        elseif what == "page" then
            fetchPage(link, action[3], action[4])
        elseif what == "save" then
            hub.position = action[2]
            if options.store then options.store.save(action[2]) end
        elseif what == "stop" then
            stopped, hub.state = action[2], "closed"
        elseif what == "emit" then
            local item = action[2]
            if item.type == "status" then hub.state = item.status end
            handling = true
            local done = spawn(function()
                call(item)
                handling = false
                if item.type == "event" and hub.position then
                    hub.position = { epoch = hub.position.epoch, seq = item.seq }
                end
            end)
            return not done
        end
        return false
    end

    local function take(input)
        local kind = input[1]
        if kind == "frame" then return session.frame(now(), chance(), input[2], input[3]) end
        if kind == "lost" then return session.lost(now(), chance(), input[2], input[3]) end
        if kind == "page" then return session.page(now(), chance(), input[2], input[3]) end
        return session.token(now(), chance(), input[2], input[3])
    end

    --- Does what is to be done, until a handler sleeps or nothing is left.
    local function work()
        while not handling and not stopped and not closing do
            local action = table.remove(actions, 1)
            if action then
                perform(action)
            elseif inbox[1] then
                feed(take(table.remove(inbox, 1)))
            else
                local ticked = session.tick(now(), chance())
                if #ticked == 0 then return end
                feed(ticked)
            end
        end
    end

    -- What a computer forgets. A fence is an event of our own: when it comes back, all that waited when it was put in
    -- has been taken. So what is taken between two fences, and between the next two, is together the most that can have
    -- waited at one time. Below the limit nothing was forgotten. At the limit, everything taken so far still came before
    -- anything that can have been forgotten: the links are given up, and resumed once the queue is empty.
    local word, generation = unique(), 0
    local before, count, underway = 0, 0, false
    --- The links that were given up, while their last events may still wait in the queue.
    local doubted = nil
    local timer, timerDue, timerFence

    local function sendFence()
        generation, underway = generation + 1, true
        os.queueEvent(FENCE, word, generation)
    end

    local function doubt()
        doubted = doubted or {}
        for link in pairs(urls) do
            doubted[#doubted + 1] = link
            hangUp(link)
        end
        count = 0
        sendFence()
    end

    local function fence(event)
        if event[1] == FENCE and event[2] == word and event[3] == generation then
            before, count, underway = count, 0, false
            if doubted then
                for _, link in ipairs(doubted) do
                    inbox[#inbox + 1] = { "lost", link, failed("more events waited than a computer keeps") }
                end
                before, doubted = 0, nil
            end
            return
        end
        count = count + 1
        local ours = event[1] == "websocket_message" and linksOf[event[2]] ~= nil
        -- A timer that was set after the fence and comes before it proves that the fence was forgotten.
        local overtaken = event[1] == "timer" and event[2] == timer and underway and timerFence == generation
        if overtaken or (doubted and count > QUEUE_EVENTS_MAX) then
            doubt()
        elseif not doubted and before + count >= QUEUE_EVENTS_MAX - 6 then
            doubt()
        elseif not underway and (ours or count >= 64) then
            sendFence()
        end
    end

    local function websocket(event)
        local what, link = event[1], linksOf[event[2]]
        if what == "websocket_success" then
            -- Other programs of this computer have sockets too; theirs are none of ours.
            if link then sockets[link] = event[3] elseif abandoned[event[2]] then pcall(event[3].close) end
            abandoned[event[2]] = nil
        elseif link and what == "websocket_message" then
            if #inbox >= INBOX_FRAMES_MAX then
                hangUp(link)
                inbox[#inbox + 1] = { "lost", link, failed("the handlers are slower than the events") }
            else
                inbox[#inbox + 1] = { "frame", link, event[3] }
            end
        elseif abandoned[event[2]] and what == "websocket_failure" then
            abandoned[event[2]] = nil
        elseif link and (what == "websocket_failure" or what == "websocket_closed") then
            local loss = what == "websocket_failure" and unopened(event[3]) or closed(event[4], event[3])
            urls[link], sockets[link], linksOf[event[2]] = nil, nil, nil
            inbox[#inbox + 1] = { "lost", link, loss }
        end
    end

    local function setTimer(event)
        if event and event[1] == "timer" and event[2] == timer then timer = nil end
        local due = not handling and session.deadline() or nil
        if underway then due = math.min(due or now() + 1, now() + 1) end
        if due == nil or (timer and timerDue <= due + 0.05 and (timerFence == generation or not underway)) then return end
        if timer then os.cancelTimer(timer) end
        timer, timerDue, timerFence = os.startTimer(math.max(due - now(), 0.05)), due, underway and generation or nil
    end

    --- Runs until `close()`, and gives nil; or until the hub says not to come back, and gives {code, reason}. What a
    -- handler raises ends it, and the stored position stays before that event.
    function hub.run()
        if session then error("the hub runs already, or has run", 2) end
        local stored = options.store and options.store.load()
        local position = stored or (type(options.since) == "table" and options.since or nil)
        hub.position = position
        session = newSession(plan, position, now())
        local ok, reason = pcall(function()
            local event
            while true do
                work()
                if closing or stopped then return end
                setTimer(event)
                local busy = handling
                event = table.pack(os.pullEventRaw())
                if event[1] == "terminate" then error("Terminated", 0) end
                fence(event)
                websocket(event)
                pass(event)
                -- While a handler slept nothing was taken in, so silence means nothing.
                if busy and not handling then session.listening(now()) end
            end
        end)
        for link in pairs(urls) do hangUp(link) end
        if timer then os.cancelTimer(timer) end
        hub.state = "closed"
        if not ok then error(reason, 0) end
        return stopped
    end

    --- Ends `run`: pending attempts are abandoned and links are closed. A handler may call it, and so may another
    -- coroutine.
    function hub.close()
        closing = true
        os.queueEvent("tollbell_close")
    end

    return hub
end

-- ---- a shop that sells for subscriptions -----------------------------------------------------------------------------

--- Sells to the subscribers of a contract. Options: `privatekey` of the wallet that is paid, `title` and `price` of the
-- contract, when its terms end (`period_seconds`, `period_months` or `cron_expr`), `file` for what was delivered.
-- A contract of that wallet with that title is used again; else one is made.
--
-- `onTerm(function(term))` is called once for each term that was paid, with {address, subscription, term, price, at}:
-- hand out the goods, and return false when that is not possible now; it is tried again every `retry` seconds (10).
-- `entitled(address)` says whether a wallet has now what it paid for.
function tollbell.shop(url, options)
    local shop = { subscribers = {}, contract = nil }
    local api = tollbell.api(url)
    local file = options.file or "shop.json"
    local book = readFile(file) or { delivered = {}, owed = {} }
    local onTerm, onChange = nil, nil
    local hub

    local function write() writeFile(file, book) end

    local function must(value, why)
        if value == nil then error("the hub says " .. tostring(why and why.message), 0) end
        return value
    end

    local function findContract()
        local me = must(api.login(options.privatekey)).address
        local page = must(api.get("contracts", { address = me, status = "open", limit = 500 }))
        for _, contract in ipairs(page.items) do
            if contract.title == options.title then return contract end
        end
        return must(api.post("contracts", {
            title = options.title, description = options.description, price = options.price,
            period_seconds = options.period_seconds, period_months = options.period_months,
            cron_expr = options.cron_expr, max_subscribers = options.max_subscribers,
        }))
    end

    --- Hands out what is owed, oldest first. What can't be handed out now keeps nothing behind it back.
    local delivering = false
    local function deliver()
        if delivering or not onTerm then return end
        delivering = true
        local at = 1
        while book.owed[at] do
            if onTerm(book.owed[at]) == false then
                at = at + 1
            else
                -- Written after the goods have left: a crash in between hands them out twice, and keeps nothing back.
                table.remove(book.owed, at)
                write()
            end
        end
        delivering = false
    end

    --- Owes every term up to the one that a subscription has now. Each is owed once; of a subscription that was never
    -- seen, only the last one is.
    local function owe(subscription, at)
        local id = string.format("%.0f", subscription.subscription_id)
        local run, term = subscription.run, subscription.term
        local known = book.delivered[id] or { run = run, term = term - 1 }
        if run < known.run or (run == known.run and term <= known.term) then return end
        for paid = run == known.run and known.term + 1 or 1, term do
            book.owed[#book.owed + 1] = {
                address = subscription.address, subscription = subscription.subscription_id, term = paid,
                price = subscription.price, at = at,
            }
        end
        book.delivered[id] = { run = run, term = term }
        write()
    end

    local function note(subscription)
        local active = subscription.status ~= "canceled"
        shop.subscribers[subscription.address] = active and subscription or nil
        if onChange then onChange() end
    end

    --- Reads who is subscribed, and the terms that were paid while nobody listened.
    local function read()
        shop.subscribers = {}
        local after
        repeat
            local path = "contracts/" .. shop.contract.contract_id .. "/subscribers"
            local page = must(api.get(path, { limit = 500, after_id = after }))
            for _, subscription in ipairs(page.items) do
                note(subscription)
                if subscription.status ~= "canceled" then owe(subscription, subscription.term_started_at) end
            end
            after = page.next
        until after == nil or after == null
        deliver()
    end

    --- Whether a wallet has now what it paid for.
    function shop.entitled(address) return shop.subscribers[address] ~= nil end

    --- How many are subscribed.
    function shop.count()
        local count = 0
        for _ in pairs(shop.subscribers) do count = count + 1 end
        return count
    end

    --- Names what hands out the goods of a term.
    function shop.onTerm(handler) onTerm = handler end

    --- Names what is called when the subscribers or the contract have changed.
    function shop.onChange(handler) onChange = handler end

    --- How many terms are paid and not handed out.
    function shop.owed() return #book.owed end

    --- Opens the shop, and runs it until `close()`; as `hub.run`.
    function shop.run()
        shop.contract = findContract()
        hub = tollbell.hub(url, {
            topics = { string.format("contract:%d", shop.contract.contract_id) },
            timing = options.timing, store = tollbell.fileStore(file .. ".position"),
            token = function()
                local opened, why = api.login(options.privatekey)
                if not opened then error(why.message, 0) end
                return opened.token
            end,
        })
        hub.on("subscription.*", function(event)
            note(event.data)
            if event.kind == "subscription.started" or event.kind == "subscription.renewed" then
                owe(event.data, event.at)
            end
            deliver()
        end)
        hub.on("contract.*", function(event)
            shop.contract = event.data.contract
            if onChange then onChange() end
        end)
        hub.onGap(read)
        -- Read once the link is up: what happens from then on is told, so nothing falls between the two.
        local known = false
        hub.onStatus(function(item)
            if item.status == "connected" and not known then
                known = true
                read()
            end
        end)
        local stopped
        parallel.waitForAny(function() stopped = hub.run() end, function()
            while true do
                sleep(options.retry or 10)
                deliver()
            end
        end)
        return stopped
    end

    --- Closes the shop.
    function shop.close()
        if hub then hub.close() end
    end

    --- What the link does.
    function shop.state() return hub and hub.state or "connecting" end

    return shop
end

tollbell.encode, tollbell.decode = encode, decode

return tollbell
