@testset "raw: a state is written, compacted, read beside its writer and salvaged" begin
    dir = fresh("state")
    options = call(:plattli_state_options_new)
    for (setter, value) in (:sync => API.PLATTLI_SYNC_NONE, :sync_interval => 10, :threshold => 100, :backups => 2, :snapshot => true,
                            :salvage => false, :read_only => false, :lock => true)
        @test ok(Symbol(:plattli_state_options_set_, setter), options, value)
    end
    state = made(API.plattli_state, :plattli_state_open, dir, "s", options)
    @test ok(:plattli_state_set, state, "grün", "[1]", 3) && ok(:plattli_state_set, state, "gone", "1", 1)
    @test ok(:plattli_state_delete, state, "gone")
    @test text_and_free(made(API.plattli_string, :plattli_state_get, state, "grün")) == "[1]"
    @test ok(:plattli_state_replace, state, "{\"b\":2,\"a\":1}", 13)
    @test text_and_free(made(API.plattli_string, :plattli_state_snapshot, state)) == "{\"a\":1,\"b\":2}"

    keys = made(API.plattli_strings, :plattli_state_keys, state)
    name, len = Ref{Ptr{UInt8}}(C_NULL), Ref{Csize_t}(0)
    @test call(:plattli_strings_len, keys) == 2
    @test ok(:plattli_strings_get, keys, 1, name, len) && text(name[], len[]) == "b" && text(name[]) == "b"
    @test call(:plattli_strings_get, keys, 2, name, C_NULL) == API.PLATTLI_ERR_NOT_FOUND
    call(:plattli_strings_free, keys)
    entries = made(API.plattli_strings, :plattli_state_entries, state)
    @test call(:plattli_strings_len, entries) == 4
    call(:plattli_strings_free, entries)

    count, size, log, needs, lost = Ref{UInt64}(0), Ref{Csize_t}(0), Ref{UInt64}(0), Ref(false), Ref{UInt64}(7)
    @test ok(:plattli_state_entry_count, state, count) && count[] == 4
    @test ok(:plattli_state_size, state, size) && size[] == 2
    @test ok(:plattli_state_log_size, state, log) && log[] > 100
    @test ok(:plattli_state_needs_compaction, state, 0, needs) && needs[]
    @test ok(:plattli_state_lost, state, lost) && lost[] == 0
    @test ok(:plattli_state_compact, state)
    @test ok(:plattli_state_entry_count, state, count) && count[] == 1

    @test ok(:plattli_state_options_set_read_only, options, true)
    beside = made(API.plattli_state, :plattli_state_open, dir, "s", options)
    call(:plattli_state_options_free, options)
    @test ok(:plattli_state_set, state, "c", "3", 1)
    @test call(:plattli_state_get, beside, "c", Ref{Ptr{API.plattli_string}}(C_NULL)) == API.PLATTLI_ERR_NOT_FOUND
    @test ok(:plattli_state_refresh, beside)
    @test text_and_free(made(API.plattli_string, :plattli_state_get, beside, "c")) == "3"
    @test ok(:plattli_state_close, beside)

    scheduler = made(API.plattli_state_scheduler, :plattli_state_scheduler_new, 3_600_000)
    @test ok(:plattli_state_scheduler_add, scheduler, state) && ok(:plattli_state_scheduler_start, scheduler)
    @test ok(:plattli_state_scheduler_compact_all, scheduler)
    @test ok(:plattli_state_entry_count, state, count) && count[] == 1
    @test ok(:plattli_state_scheduler_remove, scheduler, state) && ok(:plattli_state_scheduler_stop, scheduler)
    call(:plattli_state_scheduler_free, scheduler)
    @test ok(:plattli_state_close, state)
    @test Plattli.json_value(read(joinpath(dir, "s.json"), String)) == Dict("a" => 1, "b" => 2, "c" => 3)
end
