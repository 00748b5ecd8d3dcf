"""
Metrics of simulation codes: one call per metric per step; readable while the job runs, whole after a kill, exact
after a restart.

```julia
using Plattli
Plattli.Writer("heat") do run
    for step in 1:1000
        write(run, "residual", solve())
        end_step(run)
    end
    finish(run)
end
Plattli.Reader("heat") do reader
    reader["residual"]                  # Vector{Float64}
    step, value = column(reader, "residual")
end
```

`Plattli.Writer` and `Plattli.Reader` are the two ends of a run. `Plattli.State` keeps what a restart needs, `Plattli.Journal` the events of
many writers, `Plattli.Stream` tables under a quota. `Plattli.API` is the C interface under them, name by name. What
the library promises (threads, forks, what an acknowledged step survives) is in its `docs/c-api.md` and
`docs/durability.md`.

Calls that can take long (`finish`, `sync`, `close`, opening, compaction, queries) run on the calling thread, and Julia's garbage collector waits
for them, as it does for any call of C.
"""
module Plattli

include("api/API.jl")
include("errors.jl")
include("json.jl")
include("options.jl")
include("handles.jl")
include("writer.jl")
include("reader.jl")
include("columns.jl")
include("arrow.jl")
include("import.jl")
include("sink.jl")
include("state.jl")
include("scheduler.jl")
include("journal.jl")
include("stream.jl")
include("append.jl")
include("query.jl")

export column, end_step, finish, log!, metric, metrics, refresh, set_config, set_step, sync, table

"The version of the library that is loaded."
version() = VersionNumber(unsafe_string(API.plattli_version_string()))

"Whether the library that is loaded has a feature, such as `\"run\"`."
has_feature(name::AbstractString) = API.plattli_has_feature(name)

# Whether the process is ending: then a finalizer may take its time, and nobody is left to hand its work to.
const ENDING = Ref(false)

function __init__()
    API.load()
    load_releases()
    ENDING[] = false
    atexit(() -> ENDING[] = true)
end

end
