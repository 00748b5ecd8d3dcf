@testset "every keyword of a journal reaches the library, with and without a do block" begin
    for wrong in ((threshold = -1,), (max_object_bytes = -1,), (lease_expiry_milliseconds = -1,), (durability = :forever,))
        @test_throws ArgumentError Plattli.Journal(fresh("x"); wrong...)
        @test_throws ArgumentError Plattli.Journal(identity, fresh("x"); wrong...)
    end
    for wrong in ((max_object_bytes = 0,), (lease_expiry_milliseconds = 0,))
        @test refused(() -> Plattli.Journal(fresh("x"); wrong...), Plattli.ERR_ARGUMENT)
        @test refused(() -> Plattli.Journal(identity, fresh("x"); wrong...), Plattli.ERR_ARGUMENT)
    end
    @test_throws MethodError Plattli.Journal(identity, fresh("x"); treshold = 1)
    @test refused(() -> Plattli.Journal("ftp://somewhere"), Plattli.ERR_ARGUMENT, "ftp")
    Plattli.Journal(fresh("each"); threshold = 0, durability = :process, lease_expiry_milliseconds = 1000) do journal
        push!(journal, "a")
        @test Plattli.pending(journal) == 0 && Plattli.file_count(journal) == 1
    end
    Plattli.Journal(fresh("small"); threshold = 1, max_object_bytes = 20) do journal
        append!(journal, ["event $i" for i in 1:4])
        @test Plattli.compact(journal).objects == 2 # of two events each
    end
end

@testset "events of many writers are read in order, by iteration, as a table and from a number on" begin
    dir = fresh("events")
    Plattli.Journal(dir; threshold = 2) do journal
        @test collect(journal) == [] && Plattli.follow(journal) == ((number = Int[], event = String[]), 0)
        @test push!(journal, "plain text") === journal
        push!(journal, (rank = 3, event = "remesh"))
        @test append!(journal, [Dict("k" => 1), Plattli.JSON("[ 1 ]"), SubString("xtail", 2), "a" * 's', nothing, [1.5]]) === journal
        push!(journal, "waits")
        expected = ["plain text", "{\"rank\":3,\"event\":\"remesh\"}", "{\"k\":1}", "[ 1 ]", "tail", "as", "null", "[1.5]", "waits"]
        @test read(journal) == expected && collect(journal) == expected && [event for event in journal] isa Vector{String}
        @test occursin("1 events", sprint(show, journal)) && Plattli.pending(journal) == 1 && Plattli.file_count(journal) == 4
        rows = table(journal)
        @test keys(rows) == (:number, :event) && rows.event == expected && rows.number[end] == 0 && issorted(rows.number[1:8]) && rows.number[1] > 0

        told, at = Plattli.follow(journal)
        @test told.event == expected[1:8] && told.number == rows.number[1:8] && at == rows.number[8] + 1
        flush(journal)
        told, at = Plattli.follow(journal, at)
        @test told.event == ["waits"] && isempty(Plattli.follow(journal, at)[1].event)
        Plattli.Journal(dir) do other
            push!(other, "from elsewhere")
        end
        @test Plattli.follow(journal, at)[1].event == ["from elsewhere"] && last(collect(journal)) == "from elsewhere"

        stats = Plattli.compact(journal)
        @test (stats.merged, stats.events, stats.failed_deletes, stats.objects) == (6, 10, 0, 1)
        @test isfile(joinpath(dir, stats.key)) && Plattli.file_count(journal) == 1
        @test Plattli.compact(journal) == (merged = 1, events = 0, failed_deletes = 0, objects = 0, key = "")
        @test read(journal) == [expected; "from elsewhere"]
    end
    @test Plattli.Journal(length ∘ collect, "file://" * dir) == 10
    Plattli.Journal("memory://julia") do journal
        push!(journal, "here")
        flush(journal)
        @test Plattli.Journal(read, "memory://julia") == ["here"]
    end
end

@testset "what a journal refuses and cannot store" begin
    dir = fresh("refused")
    Plattli.Journal(dir) do journal
        for wrong in ("", " ", "two\nlines")
            @test refused(() -> push!(journal, wrong), Plattli.ERR_ARGUMENT)
        end
        @test_throws MethodError push!(journal, 1.5)
        with_small_files(2) do
            push!(journal, "taken all the same")
            @test refused(() -> flush(journal), Plattli.ERR_IO, "refused")
        end
        @test Plattli.pending(journal) == 1 && read(journal) == ["taken all the same"]
        flush(journal)
        write(joinpath(dir, "batch_compacting.lease"), "another")
        push!(journal, "second")
        flush(journal)
        @test refused(() -> Plattli.compact(journal), Plattli.ERR_BUSY)
        rm(joinpath(dir, "batch_compacting.lease"))
        push!(journal, "lost")
        @test Plattli.discard(journal) == 1 && !isopen(journal)
    end
    @test Plattli.Journal(read, dir) == ["taken all the same", "second"]
end

@testset "a closed journal says that it is closed" begin
    dir = fresh("closed")
    journal = Plattli.Journal(dir)
    push!(journal, "stored at the end")
    close(journal)
    close(journal)
    @test !isopen(journal) && occursin("closed", sprint(show, journal)) && Plattli.discard(journal) == 0
    for use in (j -> push!(j, "x"), flush, read, collect, table, Plattli.follow, Plattli.compact, Plattli.pending, Plattli.file_count)
        @test refused(() -> use(journal), Plattli.ERR_STATE, "closed")
    end
    @test Plattli.Journal(read, dir) == ["stored at the end"]
    @test_throws DomainError Plattli.Journal(j -> throw(DomainError(push!(j, "kept"))), dir)
    @test length(Plattli.Journal(read, dir)) == 2
end
