# Status codes become exceptions.

"""
    PlattliError(status, message)

What the library refused or could not do. `status` is one of `Plattli.ERR_ARGUMENT` … `Plattli.ERR_INTERNAL`; `message` says
what was tried, on which path or metric, and what the operating system said.
"""
struct PlattliError <: Exception
    status::Int32
    message::String
end

const ERR_ARGUMENT = API.PLATTLI_ERR_ARGUMENT
const ERR_TYPE = API.PLATTLI_ERR_TYPE
const ERR_STATE = API.PLATTLI_ERR_STATE
const ERR_NOT_FOUND = API.PLATTLI_ERR_NOT_FOUND
const ERR_EXISTS = API.PLATTLI_ERR_EXISTS
const ERR_BUSY = API.PLATTLI_ERR_BUSY
const ERR_CORRUPT = API.PLATTLI_ERR_CORRUPT
const ERR_IO = API.PLATTLI_ERR_IO
const ERR_OVERLOADED = API.PLATTLI_ERR_OVERLOADED
const ERR_BUFFER = API.PLATTLI_ERR_BUFFER
const ERR_FORKED = API.PLATTLI_ERR_FORKED
const ERR_UNSUPPORTED = API.PLATTLI_ERR_UNSUPPORTED
const ERR_INTERNAL = API.PLATTLI_ERR_INTERNAL

"The name of a status code, such as `\"PLATTLI_ERR_IO\"`."
status_name(status::Integer) = unsafe_string(API.plattli_status_name(status))

Base.showerror(io::IO, e::PlattliError) = print(io, status_name(e.status), ": ", e.message)

"Throws what a call returned, unless it is `PLATTLI_OK`. To be called before anything else can fail on this thread."
@inline check(status::Int32) = status == API.PLATTLI_OK ? nothing : fail(status)

@noinline fail(status::Int32) = throw(PlattliError(status, last_error()))

# Copied, as the text in the library lasts only until the next failure.
function last_error()
    room = Vector{UInt8}(undef, 512)
    length = API.plattli_last_error_copy(room, sizeof(room))
    if length >= sizeof(room)
        resize!(room, length + 1)
        API.plattli_last_error_copy(room, sizeof(room))
    end
    return String(resize!(room, length))
end
