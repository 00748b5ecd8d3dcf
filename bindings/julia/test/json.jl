@testset "JSON says what Julia means" begin
    for (value, text) in ((a = 1, b = [1.5, NaN, -Inf, Inf]) => "{\"a\":1,\"b\":[1.5,NaN,-Infinity,Infinity]}",
                          Dict("x" => nothing) => "{\"x\":null}", (1, true, "a\"b\\\n", :sym) => "[1,true,\"a\\\"b\\\\\\u000a\",\"sym\"]",
                          1.0f-5 => "1.0e-5", Plattli.JSON("[ 1 ]") => "[ 1 ]", 1 // 4 => "0.25")
        @test Plattli.json_text(value) == text
    end
    @test_throws ArgumentError Plattli.json_text(1im)
end

@testset "Julia reads what JSON says" begin
    for (text, value) in (" { \"a\" : [ 1 , 2.5e0 , \"\\u00e9\\ud83d\\ude00\\n\" ] , \"b\":{}} " =>
                              Dict("a" => [1, 2.5, "é😀\n"], "b" => Dict{String,Any}()),
                          "[]" => [], "[1,2]" => [1, 2], "-Infinity" => -Inf, "true" => true, "null" => nothing, "\"\\ud800x\"" => "\ufffdx",
                          "123456789012345678901234567890" => big"123456789012345678901234567890", "\"grün\"" => "grün")
        @test isequal(Plattli.json_value(text), value)
    end
    @test isnan(Plattli.json_value("NaN"))
    @test Plattli.json_value("[1,2]") isa Vector{Int64}
    for broken in ("", "[", "[1", "[1,]", "{\"a\"}", "{1:2}", "\"a", "\"\\x\"", "\"\\u12", "nul", "1 2", "--", "1e", "[" ^ 100_000)
        @test_throws ArgumentError Plattli.json_value(broken)
    end
end
