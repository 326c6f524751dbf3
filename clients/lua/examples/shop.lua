-- A shop that sells for subscriptions: each paid term puts goods from the stock into the subscriber's tray.
--
-- Put it on a computer beside tollbell.lua, connect a chest with the stock, a tray (any inventory) and, if you like, a
-- monitor, and say once:
--
--   set shop.url https://hub.example          set shop.key <the private key of the wallet that is paid>
--   set shop.stock minecraft:chest_0          set shop.tray minecraft:barrel_0
--
-- A subscriber with a tray of their own has it under `shop.tray.<address>`. What is sold stands in the settings below;
-- `shop.json` keeps what was delivered, so that neither a restart nor a lost link delivers twice or not at all.

local tollbell = require "tollbell"

local goods = settings.get("shop.goods", "minecraft:bread")
local each = settings.get("shop.each", 16)

local shop = tollbell.shop(settings.get("shop.url", "http://127.0.0.1:8080"), {
    privatekey = settings.get("shop.key"),
    title = settings.get("shop.title", "Fresh bread"),
    description = settings.get("shop.description", each .. " loaves in your tray, each term"),
    price = settings.get("shop.price", "2.50"),
    period_seconds = settings.get("shop.period", 86400),
    file = "shop.json",
    retry = settings.get("shop.retry", 10),
})

local stock = assert(peripheral.wrap(settings.get("shop.stock", "minecraft:chest_0")), "the stock is not connected")

--- The slots that hold the goods; nil when they hold less than one portion.
local function portion()
    local slots, found = {}, 0
    for slot, item in pairs(stock.list()) do
        if item.name == goods then
            slots[#slots + 1] = slot
            found = found + item.count
        end
    end
    return found >= each and slots or nil
end

shop.onTerm(function(term)
    local tray = settings.get("shop.tray." .. term.address) or settings.get("shop.tray", "minecraft:barrel_0")
    local slots, left = portion(), each
    if not slots then
        print("owed to " .. term.address .. ": the stock is empty")
        return false
    end
    for _, slot in ipairs(slots) do
        if left > 0 then left = left - stock.pushItems(tray, slot, left) end
    end
    -- A tray that is full takes a part; the rest is the shop's loss of a sale, not a second portion.
    if left == each then
        print("owed to " .. term.address .. ": the tray is full")
        return false
    end
    print(string.format("term %d of %s delivered", term.term, term.address))
end)

local monitor = peripheral.find("monitor")

local function draw()
    local contract = shop.contract
    if not monitor or not contract then return end
    local lines = {
        contract.title,
        contract.price .. " a term",
        "subscribe to contract " .. string.format("%d", contract.contract_id),
        shop.count() .. " subscribed, " .. shop.owed() .. " owed",
        shop.state() == "connected" and "open" or "waiting for the hub",
    }
    monitor.clear()
    for row, line in ipairs(lines) do
        monitor.setCursorPos(1, row)
        monitor.write(line)
    end
end

shop.onChange(draw)

parallel.waitForAny(function()
    local stopped = shop.run()
    if stopped then printError("closed: " .. stopped.reason) end
end, function()
    while true do
        draw()
        sleep(5)
    end
end)
