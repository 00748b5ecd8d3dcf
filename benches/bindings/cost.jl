# Rounds of metrics written by id, timed; see run.py.

using Plattli

const METRICS = 100
const STEPS = 500

function walk!(values, dice)
    for m in 1:METRICS
        dice = xor(dice, dice << 13)
        dice = xor(dice, dice >> 7)
        dice = xor(dice, dice << 17)
        values[m] += (dice >> 11) * 2.0^-53 - 0.5
    end
    return dice
end

function round!(run, ids, values, dice)
    written = ended = 0
    for step in 1:STEPS
        dice = walk!(values, dice)
        t0 = time_ns()
        for m in 1:METRICS
            write(run, ids[m], values[m])
        end
        t1 = time_ns()
        end_step(run)
        written += t1 - t0
        ended += time_ns() - t1
    end
    println(written / METRICS / STEPS, " ", ended / METRICS / STEPS)
    flush(stdout)
    return dice
end

function main(dir)
    Plattli.Writer(dir; hotsize = 1_000_000_000) do run # no compaction: it is the same from every language
        ids = [metric(run, "metric/$(m - 1)", Float64) for m in 1:METRICS]
        values, dice = zeros(METRICS), UInt64(88172645463325252)
        for _ in eachline(stdin)
            dice = round!(run, ids, values, dice)
        end
    end
end

main(ARGS[1])
