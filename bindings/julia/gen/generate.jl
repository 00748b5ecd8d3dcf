# Writes src/api/header.jl, the raw layer, from the C header:
#
#   julia bindings/julia/gen/generate.jl            writes it
#   julia bindings/julia/gen/generate.jl --check    fails if it is not what the header says
#
# It understands the header as cbindgen writes it: `///` comments, `#define`s of integers, opaque types, structs of
# plain fields, prototypes; and the structs of Arrow as their specification writes them, whose functions become untyped
# pointers. Anything else is an error rather than a guess.

const HERE = @__DIR__
const HEADER = normpath(joinpath(HERE, "..", "..", "..", "include", "plattli.h"))
const OUTPUT = normpath(joinpath(HERE, "..", "src", "api", "header.jl"))

const PLAIN = Dict("int8_t" => "Int8", "int16_t" => "Int16", "int32_t" => "Int32", "int64_t" => "Int64", "uint8_t" => "UInt8",
                   "uint16_t" => "UInt16", "uint32_t" => "UInt32", "uint64_t" => "UInt64", "size_t" => "Csize_t", "bool" => "Bool",
                   "float" => "Float32", "double" => "Float64", "char" => "UInt8", "void" => "Cvoid")

"""
`const struct x *const *name` as its base type, the number of stars, and the name; `name[2]` is a pointer as in C.
`texts` tells an array of texts to be read from a place where one text is to be written.
"""
function declarator(text)
    m = match(r"^(\w+)\s*((?:\*\s*)*)\s*(\w*)((?:\[\d+\])?)$", strip(replace(text, r"\b(const|struct)\b\s*" => "")))
    m === nothing && error("not understood: $text")
    base, stars, name, array = m.captures
    return (base = base, stars = count(==('*'), stars) + !isempty(array), name = name, texts = occursin(r"\bchar\s*\*\s*const\s*\*", text))
end

"A field of a struct, its type and what it is at first: as a parameter, a pointer to a function, or an array."
function field(text)
    m = match(r"\(\*(\w+)\)\(", text)
    m === nothing || return (name = m[1], type = "Ptr{Cvoid}", zero = "C_NULL")
    m = match(r"^(.*)\[(\d+)\]$", text)
    one = declarator(m === nothing ? text : m[1])
    type, zero = julia_type(one.base, one.stars), one.stars > 0 ? "C_NULL" : "0"
    m === nothing && return (name = one.name, type = type, zero = zero)
    return (name = one.name, type = "NTuple{$(m[2]),$type}", zero = "ntuple(_ -> $type($zero), $(m[2]))")
end

function julia_type(base, stars)
    haskey(PLAIN, base) || startswith(base, "plattli_") || startswith(base, "Arrow") || error("unknown type $base")
    name = get(PLAIN, base, base)
    return "Ptr{"^stars * name * "}"^stars
end

"Text that ends at its first NUL is a `Cstring`; text that comes with a length is a pointer."
function parameter_types(parameters)
    types = String[]
    for (i, p) in enumerate(parameters)
        with_length = i < length(parameters) && parameters[i + 1].base == "size_t" && parameters[i + 1].name in ("len", "cap")
        push!(types, p.base == "char" && p.stars == 1 && !with_length ? "Cstring" :
                     p.texts ? "Ptr{Cstring}" : julia_type(p.base, p.stars))
    end
    return types
end

docstring(out, signature, comment) =
    println(out, "\"\"\"\n", signature === nothing ? "" : "    $signature\n\n", replace(join(comment, '\n'), r"[\\\"$]" => s"\\\0"), "\n\"\"\"")

"A constant keeps the type in which it is passed: types, options and status codes are `int32_t`, flags of Arrow `int64_t`."
function constant(out, name, number, suffix, comment)
    T = suffix == "ull" ? "UInt64" : startswith(name, "ARROW_FLAG_") ? "Int64" : name == "PLATTLI_VERSION" ? "UInt32" : "Int32"
    docstring(out, nothing, isempty(comment) ? ["As in the Arrow C data interface."] : comment)
    println(out, "const $name = $T($number)\n")
end

function structure(out, name, fields, comment)
    docstring(out, nothing, isempty(comment) ? ["As in the Arrow C data interface."] : comment)
    println(out, "struct $name")
    for f in fields
        println(out, "    ", f.name, "::", f.type)
    end
    println(out, "end")
    sized = first(fields).name == "size"
    zeros = [sized && i == 1 ? "sizeof($name)" : f.zero for (i, f) in enumerate(fields)]
    println(out, "$name() = $name(", join(zeros, ", "), ")\n")
end

function prototype(out, text, comment)
    m = match(r"^(.*?)\b(plattli_\w+)\((.*)\)$", text)
    m === nothing && error("not understood: $text")
    result = declarator(m[1] * " result")
    parameters = m[3] == "void" ? [] : [declarator(p) for p in split(m[3], ",")]
    names = join([p.name for p in parameters], ", ")
    types = parameter_types(parameters)
    returned = julia_type(result.base, result.stars)
    arrow = returned == "Cvoid" ? "nothing" : returned
    println(out, "const address_of_$(m[2]) = Ref{Ptr{Cvoid}}(C_NULL)")
    docstring(out, "$(m[2])($names) -> $arrow", comment)
    println(out, "$(m[2])($names) =\n    ccall(address_of_$(m[2])[], $returned, (", join(types, ", "), length(types) == 1 ? ",)" : ")",
            isempty(names) ? "" : ", $names", ")\n")
    return m[2]
end

function generate(header)
    out = IOBuffer()
    println(out, "# Generated from include/plattli.h by gen/generate.jl. Do not edit.\n")
    functions, comment, pending = String[], String[], ""
    fields, inside = nothing, ("", "") # what follows the closing brace, and the name
    skipping = false # a block comment
    for raw in split(header, '\n')
        line = strip(raw)
        skipping = skipping || startswith(line, "/*")
        if skipping
            skipping = !endswith(line, "*/")
        elseif startswith(line, "///")
            if fields === nothing
                push!(comment, strip(line[4:end]))
            end
        elseif startswith(line, "//")
            continue
        elseif (m = match(r"^#define (\w+) (-?\d+)(|ull)$", line)) !== nothing
            constant(out, m[1], m[2], m[3], comment)
            empty!(comment)
        elseif isempty(line) || startswith(line, "#") || startswith(line, "extern \"C\"") || startswith(line, "}  // extern")
            continue
        elseif (m = match(r"^(typedef )?struct (\w+) \{$", line)) !== nothing
            fields, inside = [], m[1] === nothing ? ("", m[2]) : (" $(m[2])", m[2])
        elseif fields !== nothing && line == "}$(inside[1]);"
            structure(out, inside[2], fields, comment)
            fields = nothing
            empty!(comment)
        elseif fields !== nothing
            endswith(line, ";") || error("not understood: $line")
            push!(fields, field(line[1:(end - 1)]))
        elseif (m = match(r"^typedef struct (\w+) \w+;$", line)) !== nothing
            docstring(out, nothing, comment)
            println(out, "mutable struct $(m[1]) end\n")
            empty!(comment)
        else
            pending = strip("$pending $line")
            endswith(pending, ";") || continue
            push!(functions, prototype(out, pending[1:(end - 1)], comment))
            pending = ""
            empty!(comment)
        end
    end
    isempty(pending) && fields === nothing || error("the header ends in the middle of: $pending")
    println(out, "# Every function, for the loader to find and the tests to count.")
    println(out, "const FUNCTIONS = [")
    foreach(f -> println(out, "    :$f => address_of_$f,"), functions)
    println(out, "]")
    return String(take!(out))
end

text = generate(read(HEADER, String))
if "--check" in ARGS
    if !isfile(OUTPUT) || read(OUTPUT, String) != text
        println(stderr, "$OUTPUT is not what $HEADER says; run julia bindings/julia/gen/generate.jl")
        exit(1)
    end
else
    write(OUTPUT, text)
end
