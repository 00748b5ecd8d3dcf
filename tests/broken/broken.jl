# What Julia sees of a feature that was left out of the library, and of a bug in it: PLATTLI_TEST_PANIC=writer makes one.
using Plattli

function refused(body, status, part)
    try
        body()
    catch error
        error isa Plattli.PlattliError || rethrow()
        return error.status == status && occursin(part, error.message)
    end
    return false
end

log, made, dir = ARGS
refused(() -> Plattli.import_jsonl(log, made; skip_columns = ["x.*"]), Plattli.ERR_UNSUPPORTED, "patterns") || exit(3)
Plattli.import_jsonl(log, made).metrics == 1 || exit(4)
for form in (Plattli.arrow, Plattli.arrow_outer, Plattli.arrow_long)
    Plattli.Reader(reader -> refused(() -> form(reader), Plattli.ERR_UNSUPPORTED, "stream") || exit(9), made)
end
refused(() -> Plattli.Stream(dir * "-stream"), Plattli.ERR_UNSUPPORTED, "stream") || exit(10)
refused(() -> Plattli.Stream(dir * "-stream"; store_bytes = 1 << 20), Plattli.ERR_UNSUPPORTED, "stream") || exit(11)
Plattli.State(state -> (state["x"] = 1; state["x"] == 1 || exit(12)), dir * "-state", "s") # in every build
Plattli.Journal(journal -> (push!(journal, "x"); read(journal) == ["x"] || exit(13)), dir * "-journal")

run = Plattli.Writer(dir)
refused(() -> write(run, "x", 1.0), Plattli.ERR_INTERNAL, "bug") || exit(5)
refused(() -> end_step(run), Plattli.ERR_INTERNAL, "broken") || exit(6)
Plattli.Reader(reader -> length(keys(reader)) == 1 || exit(7), made) # other handles are sound
refused(() -> close(run), Plattli.ERR_INTERNAL, "broken") || exit(8)
