@testset "raw: events are appended, read, followed and compacted" begin
    options = call(:plattli_journal_options_new)
    for (setter, value) in (:threshold => 2, :max_object_bytes => 1000, :lease_expiry => 1000, :durability => API.PLATTLI_DURABLE_PROCESS)
        @test ok(Symbol(:plattli_journal_options_set_, setter), options, value)
    end
    journal = made(API.plattli_journal, :plattli_journal_open, fresh("journal"), options)
    call(:plattli_journal_options_free, options)
    for event in ("one", "{\"two\": 2}", "grün")
        @test ok(:plattli_journal_append, journal, event, sizeof(event))
    end
    pending, files = Ref{Csize_t}(0), Ref{Csize_t}(0)
    @test ok(:plattli_journal_pending, journal, pending) && pending[] == 1
    @test ok(:plattli_journal_file_count, journal, files) && files[] == 1

    events = made(API.plattli_journal_events, :plattli_journal_read, journal)
    @test ok(:plattli_journal_flush, journal)
    @test ok(:plattli_journal_pending, journal, pending) && pending[] == 0
    event, len, number = Ref{Ptr{UInt8}}(C_NULL), Ref{Csize_t}(0), Ref{UInt64}(7)
    @test call(:plattli_journal_events_len, events) == 3
    @test ok(:plattli_journal_events_get, events, 2, event, len) && text(event[], len[]) == "grün"
    @test ok(:plattli_journal_events_number, events, 2, number) && number[] == 0
    @test ok(:plattli_journal_events_number, events, 0, number) && number[] > 0
    @test call(:plattli_journal_events_get, events, 3, event, len) == API.PLATTLI_ERR_NOT_FOUND
    call(:plattli_journal_events_free, events)

    tail = made(API.plattli_journal_events, :plattli_journal_read_from, journal, number[] + 1)
    @test call(:plattli_journal_events_len, tail) == 1 && call(:plattli_journal_events_next, tail) > number[] + 1
    call(:plattli_journal_events_free, tail)

    stats = Ref(API.plattli_compact_stats())
    @test ok(:plattli_journal_compact, journal, stats)
    @test (stats[].merged, stats[].events, stats[].objects, stats[].failed_deletes) == (2, 3, 1, 0) && stats[].key[1] == UInt8('b')
    @test ok(:plattli_journal_append, journal, "lost", 4)
    lost = Ref{Csize_t}(0)
    @test ok(:plattli_journal_discard, journal, lost) && lost[] == 1
    @test ok(:plattli_journal_close, made(API.plattli_journal, :plattli_journal_open, "memory://raw", C_NULL))
end
