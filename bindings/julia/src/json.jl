# JSON in and out, for configurations and for metrics that are not numbers. The standard library of Julia has none. Numbers
# may be NaN and Infinity, as everywhere in a run.

"""
    Plattli.JSON(text)

Text that is one JSON value already.
"""
struct JSON
    text::String
end

"What is kept as a JSON array, object or null."
const Composite = Union{AbstractVector,Tuple,AbstractDict,NamedTuple,Nothing}

"The JSON text of a value made of numbers, booleans, text, `nothing`, vectors, tuples, dictionaries, named tuples and `JSON`."
json_text(value) = sprint(print_json, value)

print_json(io, value::Union{Bool,Integer}) = print(io, value)
print_json(io, value::AbstractFloat) = print(io, isnan(value) ? "NaN" : isinf(value) ? (value > 0 ? "Infinity" : "-Infinity") : value)
print_json(io, value::Union{Rational,AbstractIrrational}) = print_json(io, Float64(value))
print_json(io, value::JSON) = print(io, value.text)
print_json(io, ::Nothing) = print(io, "null")
print_json(io, value::Symbol) = print_json(io, String(value))
print_json(io, value) = throw(ArgumentError("a $(typeof(value)) has no JSON form"))

function print_json(io, text::AbstractString)
    print(io, '"')
    for c in text
        c == '"' || c == '\\' ? print(io, '\\', c) :
        c < ' ' ? print(io, "\\u", string(UInt32(c), base = 16, pad = 4)) : print(io, c)
    end
    print(io, '"')
end

function print_json(io, values::Union{AbstractVector,Tuple})
    print(io, '[')
    for (i, value) in enumerate(values)
        i == 1 || print(io, ',')
        print_json(io, value)
    end
    print(io, ']')
end

function print_json(io, members::Union{AbstractDict,NamedTuple})
    print(io, '{')
    for (i, (key, value)) in enumerate(pairs(members))
        i == 1 || print(io, ',')
        print_json(io, string(key))
        print(io, ':')
        print_json(io, value)
    end
    print(io, '}')
end

# -- reading ------------------------------------------------------------------------------------------------------------

# Far beyond what anybody nests, far below what the stack holds.
const DEEPEST = 256

mutable struct Scanner
    bytes::Base.CodeUnits{UInt8,String}
    at::Int
end

"""
    json_value(text)

What a JSON text means: `nothing`, `Bool`, `Int64` (`BigInt` beyond it), `Float64`, `String`, `Vector`, `Dict{String,Any}`.
"""
function json_value(text::AbstractString)
    scanner = Scanner(codeunits(String(text)), 1)
    value = parse_value(scanner, 0)
    scanner.at > length(scanner.bytes) || misplaced(scanner)
    return value
end

misplaced(c::Scanner) = throw(ArgumentError("not JSON at byte $(c.at) of $(repr(first(String(c.bytes), 80)))"))

peek_byte(c::Scanner) = c.at <= length(c.bytes) ? c.bytes[c.at] : 0x00

function skip_space(c::Scanner)
    while peek_byte(c) in (0x20, 0x09, 0x0a, 0x0d)
        c.at += 1
    end
end

function accept(c::Scanner, word)
    bytes = codeunits(word)
    stop = c.at + length(bytes) - 1
    (stop <= length(c.bytes) && view(c.bytes, (c.at):stop) == bytes) || return false
    c.at = stop + 1
    return true
end

expect(c::Scanner, word) = accept(c, word) || misplaced(c)

function parse_value(c::Scanner, depth)
    depth > DEEPEST && throw(ArgumentError("JSON nested deeper than $DEEPEST levels"))
    skip_space(c)
    byte = peek_byte(c)
    value = byte == UInt8('"') ? parse_string(c) :
            byte == UInt8('[') ? parse_array(c, depth) :
            byte == UInt8('{') ? parse_object(c, depth) :
            accept(c, "null") ? nothing :
            accept(c, "true") ? true :
            accept(c, "false") ? false :
            accept(c, "NaN") ? NaN :
            accept(c, "Infinity") ? Inf :
            accept(c, "-Infinity") ? -Inf : parse_number(c)
    skip_space(c)
    return value
end

function parse_array(c::Scanner, depth)
    values = Any[]
    expect(c, "[")
    skip_space(c)
    accept(c, "]") && return values
    while true
        push!(values, parse_value(c, depth + 1))
        accept(c, "]") && return map(identity, values) # the narrowest element type
        expect(c, ",")
    end
end

function parse_object(c::Scanner, depth)
    members = Dict{String,Any}()
    expect(c, "{")
    skip_space(c)
    accept(c, "}") && return members
    while true
        skip_space(c)
        key = parse_string(c)
        skip_space(c)
        expect(c, ":")
        members[key] = parse_value(c, depth + 1)
        accept(c, "}") && return members
        expect(c, ",")
    end
end

function parse_number(c::Scanner)
    start = c.at
    while peek_byte(c) in codeunits("+-.0123456789eE")
        c.at += 1
    end
    text = String(c.bytes[start:(c.at - 1)])
    if occursin(r"^-?[0-9]+$", text)
        integer = tryparse(Int64, text)
        return integer === nothing ? parse(BigInt, text) : integer
    end
    value = tryparse(Float64, text)
    value === nothing && (c.at = start; misplaced(c))
    return value
end

function parse_string(c::Scanner)
    expect(c, "\"")
    out = IOBuffer()
    while true
        byte = peek_byte(c)
        c.at > length(c.bytes) && misplaced(c)
        c.at += 1
        byte == UInt8('"') && return String(take!(out))
        byte == UInt8('\\') ? print(out, parse_escape(c)) : write(out, byte)
    end
end

const ESCAPES = Dict(UInt8('"') => '"', UInt8('\\') => '\\', UInt8('/') => '/', UInt8('b') => '\b', UInt8('f') => '\f',
                     UInt8('n') => '\n', UInt8('r') => '\r', UInt8('t') => '\t')

function parse_escape(c::Scanner)
    accept(c, "u") || begin
        byte = peek_byte(c)
        haskey(ESCAPES, byte) || misplaced(c)
        c.at += 1
        return ESCAPES[byte]
    end
    unit = parse_hex(c)
    if 0xd800 <= unit < 0xdc00 && accept(c, "\\u")
        low = parse_hex(c)
        0xdc00 <= low < 0xe000 && return Char(0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00))
        return '\ufffd'
    end
    return 0xd800 <= unit < 0xe000 ? '\ufffd' : Char(unit)
end

function parse_hex(c::Scanner)
    c.at + 3 <= length(c.bytes) || misplaced(c)
    unit = tryparse(UInt32, String(c.bytes[(c.at):(c.at + 3)]); base = 16)
    unit === nothing && misplaced(c)
    c.at += 4
    return unit
end
