-- Asks Postern whether a request may pass, and does what it says:
--
--     http-request lua.postern 127.0.0.1:9091
--
-- HAProxy's own HTTP client (core.httpclient, since 2.5) asks. Whatever goes wrong, the request does not pass.

-- Headers of the client that the question must not carry: those of the connection, and those that this script sets.
local withheld = {
    ["connection"] = true, ["keep-alive"] = true, ["proxy-connection"] = true, ["te"] = true, ["trailer"] = true,
    ["transfer-encoding"] = true, ["content-length"] = true, ["expect"] = true, ["host"] = true,
    ["x-forwarded-method"] = true, ["x-forwarded-uri"] = true,
}

-- Headers of an answer that belong to the connection to Postern.
local hop = { ["connection"] = true, ["content-length"] = true, ["transfer-encoding"] = true, ["keep-alive"] = true, ["date"] = true }

-- What only Postern may say, in every spelling that an application might take for it. Add the names that identity.headers,
-- presets and templates of your postern.yaml add.
local function only_posterns(name)
    return name:find("^x[-_.]postern") ~= nil or name == "x_request_id"
end

-- From the answer to the request; the last two are what is left once Postern's own cookies and token are taken out.
local function comes_from_postern(name)
    return name:find("^x%-postern%-") ~= nil or name == "x-request-id" or name == "cookie" or name == "authorization"
end

local function refuse(txn, status, headers, body)
    local reply = txn:reply({ status = status, body = body })
    for name, values in pairs(headers) do
        if not hop[name] then
            for _, value in pairs(values) do
                reply:add_header(name, value)
            end
        end
    end
    txn:done(reply)
end

core.register_action("postern", { "http-req" }, function(txn, address)
    local sent = txn.http:req_get_headers()
    local question = {}
    for name, values in pairs(sent) do
        if not withheld[name] then
            local lines = {}
            for _, value in pairs(values) do
                lines[#lines + 1] = value
            end
            question[name] = lines
        end
    end
    question["x-forwarded-method"] = { txn.sf:method() }
    question["x-forwarded-uri"] = { txn.sf:url() } -- as the client sent it, which is what the application gets

    local answer = core.httpclient():get({
        url = "http://" .. address .. "/api/auth/forward/haproxy", headers = question, timeout = 5000,
    })
    local status = answer and answer.status or 0
    if status >= 300 and status <= 599 then
        return refuse(txn, status, answer.headers, answer.body)
    elseif status ~= 200 then
        return refuse(txn, 503, { ["content-type"] = { "application/json" }, ["retry-after"] = { "5" } },
            '{"code":"SERVICE_UNAVAILABLE","message":"Sessions cannot be checked at the moment; try again"}\n')
    end

    for name, _ in pairs(sent) do
        if only_posterns(name) or comes_from_postern(name) then
            txn.http:req_del_header(name)
        end
    end
    for name, values in pairs(answer.headers) do
        if comes_from_postern(name) then
            for _, value in pairs(values) do
                txn.http:req_set_header(name, value)
            end
        elseif name == "set-cookie" then
            for _, value in pairs(values) do
                txn:set_var("txn.postern_cookie", value)
            end
        end
    end
end, 1)
