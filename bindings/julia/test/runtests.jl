using Plattli
using Logging
using Test

const API = Plattli.API

# Every test has a folder of its own for its runs.
fresh(name) = joinpath(mktempdir(), name)

# Status codes that were produced, for the last test.
const SEEN = Set{Int32}()

"Whether the call is refused with that code, in words that hold `text`."
function refused(body, code, text = "")
    try
        body()
    catch e
        e isa Plattli.PlattliError || rethrow()
        push!(SEEN, e.status)
        e.status == code && occursin(text, e.message) && return true
        @info "refused otherwise" e.status first(e.message, 200)
    end
    return false
end

threads_of_process() = length(readdir("/proc/self/task"))

"The same once it has not changed for a while: a thread that has ended counts until the system has put it away."
function settled_threads()
    n, same = threads_of_process(), 0
    while same < 30
        sleep(0.01)
        now = threads_of_process()
        n, same = now, now == n ? same + 1 : 0
    end
    return n
end

@testset "Plattli" begin
    include("raw.jl")
    include("raw_arrow.jl")
    include("raw_state.jl")
    include("raw_journal.jl")
    include("raw_stream.jl")
    include("json.jl")
    include("writer.jl")
    include("reader.jl")
    include("arrow.jl")
    include("errors.jl")
    include("state.jl")
    include("journal.jl")
    include("stream.jl")
    include("sink.jl")
    include("finalizers.jl")
    include("library.jl")

    @testset "every function of the header is called by a test of the raw layer" begin
        @test setdiff(first.(API.FUNCTIONS), CALLED) == []
    end
    @testset "every status code that can be produced was seen" begin
        # A bug in the library cannot be ordered: scripts/test-broken.sh builds one.
        @test setdiff(API.PLATTLI_ERR_ARGUMENT:API.PLATTLI_ERR_INTERNAL, SEEN) == [API.PLATTLI_ERR_INTERNAL]
    end
end
