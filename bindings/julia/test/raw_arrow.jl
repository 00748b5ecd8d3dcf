# Of the structs of Arrow, by the functions that they hold.

schema_of(stream) = (out = Ref(API.ArrowSchema()); @test ccall(stream[].get_schema, Cint, (Ptr{Cvoid}, Ptr{Cvoid}), stream, out) == 0; out)
batch_of(stream) = (out = Ref(API.ArrowArray()); @test ccall(stream[].get_next, Cint, (Ptr{Cvoid}, Ptr{Cvoid}), stream, out) == 0; out)
let_go(raw) = ccall(raw[].release, Cvoid, (Ptr{Cvoid},), raw)

@testset "raw: metrics of a run come as streams of Arrow" begin
    @test (sizeof(API.ArrowSchema), sizeof(API.ArrowArray), sizeof(API.ArrowArrayStream)) == (72, 80, 40)
    dir = fresh("raw")
    Plattli.Writer(dir) do run
        for s in 0:3
            write(run, "x", s / 2)
            s > 1 && write(run, "y", s)
            end_step(run)
        end
    end
    reader = made(API.plattli_reader, :plattli_reader_open, dir, C_NULL)
    for (form, names, columns, rows) in ((:plattli_reader_arrow, ["x", "y"], 3, 2), (:plattli_reader_arrow_outer, ["x", "y"], 3, 4),
                                         (:plattli_reader_arrow_long, String[], 4, 6))
        stream = Ref(API.ArrowArrayStream())
        @test ok(form, reader, names, length(names), C_NULL, stream)
        schema = schema_of(stream)
        @test text(schema[].format) == "+s" && schema[].n_children == columns
        @test text(unsafe_load(unsafe_load(schema[].children)).name) == "step"
        counted, batch = 0, batch_of(stream)
        while batch[].release != C_NULL # the end is an array that is released
            counted += batch[].length
            let_go(batch)
            @test batch[].release == C_NULL
            batch = batch_of(stream)
        end
        @test counted == rows
        let_go(schema)
        let_go(stream)
        @test stream[].release == C_NULL
    end
    call(:plattli_reader_close, reader)
end
