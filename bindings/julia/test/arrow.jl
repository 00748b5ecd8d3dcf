@testset "metrics of a run as Arrow are tables of vectors" begin
    dir = fresh("arrow")
    Plattli.Writer(dir) do run
        for s in 0:9
            write(run, "n", s)
            write(run, "x", s / 2)
            s % 2 == 0 && write(run, "half", Float32(s))
            s % 5 == 0 && write(run, "note", "grün $s")
            s == 9 && write(run, "big", typemax(UInt64))
            end_step(run)
        end
        finish(run)
    end
    Plattli.Reader(dir) do reader
        both = table(Plattli.arrow(reader, ["x", "half"]))
        @test both isa NamedTuple && keys(both) == (:step, :x, :half) && all(column -> column isa Vector, both)
        @test both.step == 0:2:8 && both.x == 0:4 && both.half == 0:2:8
        @test eltype.(values(both)) == (UInt32, Float64, Float32)
        @test table(Plattli.arrow(reader, "n"; last = 2)) == (step = [8, 9], n = [8, 9]) # integers are Int64, as they were before it was finished
        @test eltype(table(Plattli.arrow(reader, :n)).n) == Int64
        @test table(Plattli.arrow(reader, "x"; values = (1.0, 1.5))).step == 2:3
        @test table(Plattli.arrow(reader)) == (step = UInt32[], big = UInt64[], half = Float32[], n = Int64[], note = String[], x = Float64[])

        outer = table(Plattli.arrow_outer(reader, ("n", "note", "half"); steps = 4:6))
        @test outer.step == 4:6 && outer.n == 4:6 && outer.n isa Vector{Int64}
        @test isequal(outer.note, [missing, "\"grün 5\"", missing]) && isequal(outer.half, [4, missing, 6])
        @test outer.note isa Vector{Union{String,Missing}} && outer.half isa Vector{Union{Float32,Missing}}

        long = table(Plattli.arrow_long(reader, ["n", "note", "big"]; last = 1))
        @test long.metric == ["n", "note", "big"] && long.step == [9, 5, 9] && long.metric isa Vector{String}
        @test isequal(long.value, [9.0, missing, Float64(typemax(UInt64))])
        @test isequal(long.text, [missing, "\"grün 5\"", "18446744073709551615"])
        @test refused(() -> Plattli.arrow(reader, ["nothing"]), Plattli.ERR_NOT_FOUND, "nothing")
        @test_throws ArgumentError Plattli.arrow(reader, "x"; last = 1, steps = 1:2)
    end
end

@testset "a stream of Arrow comes batch by batch, and outlives what it was read from" begin
    dir = fresh("batches")
    rows = 150_000
    Plattli.Writer(dir; layout = :bulk) do run
        x, flag = metric(run, "x"), metric(run, "n", Int64)
        for s in 1:rows
            write(run, x, Float64(s))
            write(run, flag, s)
            end_step(run)
        end
        finish(run)
    end
    stream = Plattli.Reader(reader -> Plattli.arrow(reader, ["x", "n"]), dir)
    GC.gc()
    lengths, at = Int[], 0
    for batch in stream
        GC.gc(false)
        push!(lengths, length(batch.x))
        @test batch.x == (at + 1):(at + lengths[end]) == batch.n && batch.step == at:(at + lengths[end] - 1)
        at += lengths[end]
    end
    @test length(lengths) == 3 && maximum(lengths) == 65536 && sum(lengths) == rows
    @test collect(stream) == [] && isopen(stream)
    close(stream)
    close(stream)
    @test !isopen(stream) && occursin("closed", sprint(show, stream))
    @test refused(() -> collect(stream), Plattli.ERR_STATE, "closed") && refused(() -> table(stream), Plattli.ERR_STATE, "closed")
    @test Plattli.Reader(reader -> table(Plattli.arrow(reader, "x")).x == 1:rows, dir)
end

# Arrays of Arrow made by hand, with buffers that outlive them. In a function of its own, so that this keeps them.
function decoded(format, buffers, length; null_count = 0, offset = 0, skip = 0, dictionary = nothing)
    name = (:c, format, dictionary === nothing ? nothing : Plattli.ArrowField(:d, first(dictionary), nothing))
    inner = Ref(API.ArrowArray())
    addresses, inner_addresses = Ptr{Cvoid}[b === nothing ? C_NULL : pointer(b) for b in buffers], Ptr{Cvoid}[]
    GC.@preserve buffers inner inner_addresses addresses dictionary begin
        if dictionary !== nothing
            append!(inner_addresses, [b === nothing ? C_NULL : pointer(b) for b in dictionary[2]])
            inner[] = API.ArrowArray(dictionary[3], 0, 0, Base.length(inner_addresses), 0, pointer(inner_addresses), C_NULL, C_NULL, C_NULL, C_NULL)
        end
        array = API.ArrowArray(length + skip, null_count, offset, Base.length(buffers), 0, pointer(addresses), C_NULL,
                               dictionary === nothing ? C_NULL : Base.unsafe_convert(Ptr{API.ArrowArray}, inner), C_NULL, C_NULL)
        return Plattli.arrow_values(Plattli.ArrowField(name...), array, skip, length)
    end
end

@testset "values of every type, with offsets and with nulls" begin
    for (format, T) in Plattli.ARROW_NUMBERS
        @test decoded(format, (nothing, T[9, 1, 2, 3]), 2; offset = 1, skip = 1) == T[2, 3]
        @test decoded(format, (nothing, T[1, 2, 3]), 3) isa Vector{T}
        @test isequal(decoded(format, (UInt8[0b101], T[1, 2, 3]), 3; null_count = -1), [1, missing, 3])
        @test decoded(format, (nothing, T[]), 0) == T[]
    end
    bits = UInt8[0b01100101, 0b1]
    @test decoded("b", (nothing, bits), 9) == [true, false, true, false, false, true, true, false, true]
    @test decoded("b", (nothing, bits), 3; offset = 4, skip = 2) == [true, false, true]
    @test isequal(decoded("b", (UInt8[0b10], bits), 2; offset = 1, null_count = 1), [false, missing])
    @test decoded("b", (UInt8[0xff], bits), 2; null_count = 0) isa Vector{Bool}
    text = Vector{UInt8}("grünab")
    @test decoded("u", (nothing, Int32[0, 5, 5, 7], text), 3) == ["grün", "", "ab"]
    @test isequal(decoded("U", (UInt8[0b110], Int64[0, 5, 5, 7], text), 2; offset = 1, null_count = 1), ["", "ab"])
    words = ("u", (nothing, Int32[0, 5, 7], text), 2)
    @test decoded("C", (nothing, UInt8[1, 0, 1]), 3; dictionary = words) == ["ab", "grün", "ab"]
    @test isequal(decoded("i", (UInt8[0b01], Int32[1, 77]), 2; null_count = 1, dictionary = words), ["ab", missing])
    @test isequal(decoded("i", (UInt8[0], Int32[0]), 1; null_count = 1, dictionary = ("u", (nothing, Int32[0], text), 0)), [missing])
    @test refused(() -> decoded("tsm:UTC", (nothing, Int64[1]), 1), Plattli.ERR_UNSUPPORTED, "\"c\"")
end

# A producer of Julia's that fails, as the functions of a stream.
failing_schema(stream::Ptr{Cvoid}, out::Ptr{Cvoid})::Cint = Libc.EIO
failing_unsupported(stream::Ptr{Cvoid}, out::Ptr{Cvoid})::Cint = Libc.ENOSYS
what_failed(stream::Ptr{Cvoid})::Ptr{UInt8} = pointer("the tape is torn")
without_words(stream::Ptr{Cvoid})::Ptr{UInt8} = C_NULL
marked_released(stream::Ptr{Cvoid})::Cvoid = (unsafe_store!(Ptr{Ptr{Cvoid}}(stream), C_NULL, 4); nothing)

@testset "what fails in a stream is an error with its words" begin
    release = @cfunction(marked_released, Cvoid, (Ptr{Cvoid},))
    torn = API.ArrowArrayStream(@cfunction(failing_schema, Cint, (Ptr{Cvoid}, Ptr{Cvoid})), C_NULL, @cfunction(what_failed, Ptr{UInt8}, (Ptr{Cvoid},)), release, C_NULL)
    stream = Plattli.ArrowStream(out -> out[] = torn)
    @test refused(() -> table(stream), Plattli.ERR_IO, "the tape is torn")
    close(stream)
    @test !isopen(stream)
    silent = API.ArrowArrayStream(@cfunction(failing_unsupported, Cint, (Ptr{Cvoid}, Ptr{Cvoid})), C_NULL, @cfunction(without_words, Ptr{UInt8}, (Ptr{Cvoid},)), release, C_NULL)
    @test refused(() -> table(Plattli.ArrowStream(out -> out[] = silent)), Plattli.ERR_UNSUPPORTED, Libc.strerror(Libc.ENOSYS))
end

# A producer of three batches without columns, which counts what is released.
const PRODUCED, RELEASED = Ref(0), Ref(0)
release_schema(schema::Ptr{Cvoid})::Cvoid = (RELEASED[] += 1; unsafe_store!(Ptr{Ptr{Cvoid}}(schema), C_NULL, 8); nothing)
release_batch(batch::Ptr{Cvoid})::Cvoid = (RELEASED[] += 1; unsafe_store!(Ptr{Ptr{Cvoid}}(batch), C_NULL, 9); nothing)
const RELEASES = Ref((C_NULL, C_NULL))
const NO_COLUMNS = "+s"
function give_schema(stream::Ptr{Cvoid}, out::Ptr{Cvoid})::Cint
    unsafe_store!(Ptr{API.ArrowSchema}(out), API.ArrowSchema(pointer(NO_COLUMNS), C_NULL, C_NULL, 0, 0, C_NULL, C_NULL, RELEASES[][1], C_NULL))
    return 0
end
function give_batch(stream::Ptr{Cvoid}, out::Ptr{Cvoid})::Cint
    PRODUCED[] += 1
    unsafe_store!(Ptr{API.ArrowArray}(out), API.ArrowArray(2, 0, 0, 0, 0, C_NULL, C_NULL, C_NULL, PRODUCED[] <= 3 ? RELEASES[][2] : C_NULL, C_NULL))
    return 0
end

@testset "each batch is released once, and so are the columns" begin
    RELEASES[] = (@cfunction(release_schema, Cvoid, (Ptr{Cvoid},)), @cfunction(release_batch, Cvoid, (Ptr{Cvoid},)))
    counting = API.ArrowArrayStream(@cfunction(give_schema, Cint, (Ptr{Cvoid}, Ptr{Cvoid})), @cfunction(give_batch, Cint, (Ptr{Cvoid}, Ptr{Cvoid})),
                                    C_NULL, @cfunction(marked_released, Cvoid, (Ptr{Cvoid},)), C_NULL)
    stream = Plattli.ArrowStream(out -> out[] = counting)
    @test collect(stream) == [NamedTuple(), NamedTuple(), NamedTuple()]
    @test (PRODUCED[], RELEASED[]) == (4, 4) # the end is no batch; the columns are asked for once
    @test table(stream) == NamedTuple() && !isopen(stream) && RELEASED[] == 4
end

@testset "another library takes a stream over" begin
    dir = fresh("taken")
    Plattli.Writer(run -> (write(run, "x", 1.0); end_step(run)), dir)
    stream = Plattli.Reader(Plattli.arrow, dir)
    taken = Ref(stream.raw[]) # moved, as the specification says: a copy, and the original is marked
    ccall(:memset, Ptr{Cvoid}, (Ptr{API.ArrowArrayStream}, Cint, Csize_t), stream, 0, sizeof(API.ArrowArrayStream))
    @test !isopen(stream)
    close(stream)
    @test table(Plattli.ArrowStream(out -> out[] = taken[])).x == [1.0]
end
