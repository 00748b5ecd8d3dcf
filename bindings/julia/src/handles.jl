# What objects of the library have in common. Each has a field `handle`, NULL once it is closed, which every function of the
# library refuses; `close_handle(object, handle)`; and `address_of_close(object)`, the function under it.

"Takes the handle away from an object and closes it."
function release(object)
    handle = object.handle
    object.handle = C_NULL
    return handle == C_NULL ? API.PLATTLI_OK : close_handle(object, handle)
end

# The finalizer. Closing waits for the background work, and the garbage collector must not: a thread of its own closes what
# was let go. The function is called through a pointer as pthread_create wants it: one pointer in, and what comes back is
# not looked at.
function abandon(object)
    object.handle == C_NULL && return
    if ENDING[]
        release(object)
        return
    end
    thread = Ref{UInt}(0) # pthread_t is a word
    started = ccall(:pthread_create, Cint, (Ptr{UInt}, Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}), thread, C_NULL, address_of_close(object), object.handle)
    if started == 0
        ccall(:pthread_detach, Cint, (UInt,), thread[])
        object.handle = C_NULL
    else
        finalizer(abandon, object) # no thread to be had: at the next collection
    end
    return
end

"The `do` block: calls `body`, and closes the object however that ends."
function with_open(body, object)
    result = try
        body(object)
    catch
        release(object) # the error of `body` is the one to be seen
        rethrow()
    end
    close(object)
    return result
end

"As `check`, of a call with this object."
function check_open(object, what, status::Int32)
    isopen(object) || throw(PlattliError(ERR_STATE, "this $what is closed"))
    check(status)
end

# -- texts that the library made, which are copied and released ---------------------------------------------------------

function text_of(string::Ptr{API.plattli_string})
    text = unsafe_string(API.plattli_string_data(string), API.plattli_string_len(string))
    API.plattli_string_free(string)
    return text
end

function texts_of(strings::Ptr{API.plattli_strings})
    text, len = Ref{Ptr{UInt8}}(C_NULL), Ref{Csize_t}(0)
    texts = map(1:API.plattli_strings_len(strings)) do i
        API.plattli_strings_get(strings, i - 1, text, len) # within the list, so it succeeds
        unsafe_string(text[], len[])
    end
    API.plattli_strings_free(strings)
    return texts
end
