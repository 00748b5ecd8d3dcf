# Heat in an insulated square plate, with all that a long job has to keep: metrics (the solver and the metrics are those of
# heat.jl), what a restart needs, events of every rank, and probes in 16 cells under a quota on disk.
#
#   make && julia --project=bindings/julia examples/probes.jl probes-run 2000
#
# Kill it whenever you like and start it again: it continues from its last checkpoint, and leaves what it would have left
# without the kill: each step of the metrics once, each row of each probe once, each event once.
#
# Under mpirun or srun each rank heats a plate of its own; the journal is one for all.
#
#   RUNDIR/journal               events, by all ranks
#   RUNDIR/rank-0                metrics of rank 0; read them with Plattli.Reader
#   RUNDIR/rank-0/state          the state "probes": where to continue
#   RUNDIR/rank-0/stream         topic "probe", one partition per cell
#   RUNDIR/rank-0/field-100.bin  the field at step 100, as the state says
#
# The program is that of examples/probes.c, operation by operation: what they leave is the same but for times, and each
# continues where the other was killed.

using Plattli
using Printf

const N = 128
const CELLS = N * N
const CHECKPOINT_EVERY = 100
const MAX_ITERATIONS = 500
const BLOCK = 20 # rows of a probe that are appended together; a divisor of CHECKPOINT_EVERY
const WIDTH, DIFFUSIVITY, TOLERANCE, DT_FIRST, DT_LAST = 1.0, 1.0, 1e-8, 1e-5, 2e-4
const WARM = 25.0 # a probe that rises beyond it is an event
const QUOTA = 100_000_000

"What the field file holds: everything that the solver needs to go on."
mutable struct State
    step::UInt32 # the next step to compute
    time::Float64
    dt::Float64
    wall::Float64
    u::Vector{Float64}
end

"What one step has to tell."
struct StepReport
    iterations::Int32
    solver_residual::Float64 # relative, of the linear system
    residual::Float64        # rate of change of the temperature: 0 in the steady state
end

"A cell that is watched, and its rows that are not yet appended."
struct Probe
    name::String
    cell::Int
    last_step::Float64 # the last step that the stream has of it, -1 if none
    time::Vector{Int64}
    step::Vector{Float64}
    temperature::Vector{Float64}
    rate::Vector{Float64}
end

"What is open, but for the metrics."
struct Job
    rank::Int
    dir::String
    kept::Plattli.State
    journal::Plattli.Journal
    told::Set{String} # events that were there at the start
    stream::Plattli.Stream
    probes::Vector{Probe}
end

seconds() = time_ns() * 1e-9

"What cannot be done is told, and the job goes on."
function tell(body, what)
    try
        body()
        return true
    catch e
        e isa Union{Plattli.PlattliError,SystemError} || rethrow()
        println(stderr, "probes: $what: ", sprint(showerror, e))
        return false
    end
end

# -- the physics ----------------------------------------------------------------------------------------------------

function initial(rank)
    u = zeros(CELLS)
    for j in 0:(N - 1), i in 0:(N - 1)
        x, y = (i + 0.5) / N - 0.3, (j + 0.5) / N - 0.4
        u[j * N + i + 1] = x * x + y * y < 0.04 ? 100.0 + 10.0 * rank : 20.0
    end
    return State(0, 0.0, DT_FIRST, 0.0, u)
end

"out = (1 - dt D laplacian) u, no heat flowing through the walls"
function apply!(out, u, k)
    for j in 0:(N - 1), i in 0:(N - 1)
        c = j * N + i + 1
        flow = 0.0
        i > 0 && (flow += u[c - 1] - u[c])
        i < N - 1 && (flow += u[c + 1] - u[c])
        j > 0 && (flow += u[c - N] - u[c])
        j < N - 1 && (flow += u[c + N] - u[c])
        out[c] = u[c] - k * flow
    end
end

# Written out, here and below: sum and dot of the libraries add in another order.
function dot(a, b)
    sum = 0.0
    for c in 1:CELLS
        sum += a[c] * b[c]
    end
    return sum
end

"One implicit step: solves for the new temperatures by conjugate gradients."
function advance!(s)
    r, p, q = zeros(CELLS), zeros(CELLS), zeros(CELLS)
    h = WIDTH / N
    k = s.dt * DIFFUSIVITY / (h * h)
    old = copy(s.u)
    apply!(q, s.u, k)
    for c in 1:CELLS
        p[c] = r[c] = old[c] - q[c]
    end
    rr, goal = dot(r, r), TOLERANCE * TOLERANCE * dot(old, old)
    iterations = 0
    while rr > goal && iterations < MAX_ITERATIONS
        apply!(q, p, k)
        alpha, before = rr / dot(p, q), rr
        for c in 1:CELLS
            s.u[c] += alpha * p[c]
            r[c] -= alpha * q[c]
        end
        rr = dot(r, r)
        for c in 1:CELLS
            p[c] = r[c] + rr / before * p[c]
        end
        iterations += 1
    end
    change = 0.0
    for c in 1:CELLS
        change += (s.u[c] - old[c]) * (s.u[c] - old[c])
    end
    report = StepReport(iterations, sqrt(rr / dot(old, old)), sqrt(change / CELLS) / s.dt)
    s.time += s.dt
    s.dt = min(1.005 * s.dt, DT_LAST) # the field smooths out, the step may grow
    s.step += 1
    return report
end

# -- events -----------------------------------------------------------------------------------------------------------

"The rank of this process, by whoever has started it: Open MPI, MPICH, Slurm; 0 if nobody has."
function rank_of_process()
    for name in ("OMPI_COMM_WORLD_RANK", "PMI_RANK", "PMIX_RANK", "SLURM_PROCID")
        haskey(ENV, name) && return parse(Int, ENV[name])
    end
    return 0
end

"Appends an event, unless it was told before a kill: the steps since the checkpoint are computed twice."
function event(rank, journal, told, step, what; more...)
    text = Plattli.json_text(merge((rank = rank, step = Int(step), event = what), values(more)))
    text in told || tell(() -> push!(journal, text), "event")
end
event(job::Job, step, what; more...) = event(job.rank, job.journal, job.told, step, what; more...)

# -- probes -----------------------------------------------------------------------------------------------------------

"The last step that the stream has of a probe."
function last_step(stream, cell)
    try
        steps = table(Plattli.query(stream, "probe"; partitions = cell, pick = "step", order = :descending, max_rows = 1))
        return isempty(steps.step) ? -1.0 : only(steps.step)
    catch e
        e isa Plattli.PlattliError && e.status == Plattli.ERR_NOT_FOUND || rethrow()
        return -1.0
    end
end

function probe(stream, p)
    x, y = N ÷ 8 + N ÷ 4 * (p ÷ 4), N ÷ 8 + N ÷ 4 * (p % 4)
    name = @sprintf("cell-%03d-%03d", x, y)
    return Probe(name, y * N + x + 1, last_step(stream, name), Int64[], Float64[], Float64[], Float64[])
end

"Appends the rows of a probe that wait, but for those that the stream has from before a kill."
function append(job, p, step)
    new = findall(p.step .> p.last_step)
    rows = (time = p.time[new], step = p.step[new], temperature = p.temperature[new], rate = p.rate[new])
    try
        isempty(new) || append!(job.stream, "probe", p.name, rows)
    catch e
        e isa Plattli.PlattliError || rethrow()
        # The disk cannot follow; the job goes on.
        e.status == Plattli.ERR_OVERLOADED ? event(job, step, "shed") : println(stderr, "probes: $(p.name): ", sprint(showerror, e))
    end
    foreach(empty!, (p.time, p.step, p.temperature, p.rate))
end

"What the probes see of a step. `before` are their temperatures before it."
function watch(job, s, before, dt)
    for (p, earlier) in zip(job.probes, before)
        temperature = s.u[p.cell]
        push!(p.time, round(Int64, 1e6 * s.time, RoundNearestTiesAway)) # a stream counts milliseconds; here each is a microsecond of the plate
        push!(p.step, s.step - 1)
        push!(p.temperature, temperature)
        push!(p.rate, (temperature - earlier) / dt)
        length(p.time) == BLOCK && append(job, p, s.step)
        earlier < WARM <= temperature && event(job, s.step, "warm"; cell = p.name)
    end
end

"Reads all rows of all probes, page by page, and says how many there are and what the highest temperature was."
function report_probes(job)
    rows, hottest = 0, -Inf
    for page in Plattli.pages(job.stream, "probe"; pick = "temperature")
        rows += page.cursor.rows
        for batch in page
            hottest = max(hottest, maximum(batch.temperature))
        end
    end
    @printf("probes: %d rows of %d cells, hottest %.6f\n", rows, length(job.probes), hottest)
end

# -- restarts ---------------------------------------------------------------------------------------------------------

"Writes the field to a file of its own, whole and on the disk before anything says that it is there."
function save(s, path)
    open(path, "w") do f
        write(f, s.step, UInt32(0), s.time, s.dt, s.wall, s.u)
        flush(f)
        systemerror("cannot sync $path", ccall(:fsync, Cint, (Cint,), fd(f)) != 0)
    end
end

function load(path)
    open(path) do f
        step, _ = read(f, UInt32), read(f, UInt32)
        State(step, read(f, Float64), read(f, Float64), read(f, Float64), read!(f, zeros(CELLS)))
    end
end

"""
Whatever is of the steps so far comes first; the key "checkpoint", set in one write, makes them count; then the field that was needed
until now can go.
"""
function checkpoint(job, s, report)
    file = "field-$(s.step).bin"
    event(job, s.step, "checkpoint"; file = file)
    tell(() -> Plattli.checkpoint(job.stream), "stream") && tell(() -> flush(job.journal), "journal") || return
    tell(() -> save(s, joinpath(job.dir, file)), file) || return
    old = get(job.kept, "checkpoint", file)
    tell(() -> job.kept["checkpoint"] = file, "checkpoint") || return
    old == file || rm(joinpath(job.dir, old); force = true)
    # For people.
    tell(() -> job.kept["step"] = Int(s.step), "step")
    tell(() -> job.kept["time"] = Plattli.JSON(@sprintf("%.17g", s.time)), "time")
    tell(() -> job.kept["steady"] = report.residual < 50.0, "steady")
end

"Continues where the state says, or begins."
function continued(kept, journal, told, rank, dir)
    file = get(kept, "checkpoint", nothing)
    s = file === nothing ? initial(rank) : load(joinpath(dir, file))
    file === nothing || println("probes: continues at step ", s.step)
    starts = get(kept, "starts", 0) + 1
    tell(() -> kept["starts"] = starts, "starts")
    tell(() -> kept["phase"] = "heating", "phase")
    event(rank, journal, told, s.step, "start"; number = starts)
    return s
end

# -- the metrics --------------------------------------------------------------------------------------------------------

"Metrics of one step."
function record(run, s, report, checkpoint)
    total, lowest, highest = 0.0, s.u[1], s.u[1]
    for c in 1:CELLS
        total += s.u[c]
        lowest = min(lowest, s.u[c])
        highest = max(highest, s.u[c])
    end
    write(run, "residual", report.residual)
    write(run, "heat/total", total * WIDTH * WIDTH / CELLS)
    write(run, "heat/min", lowest)
    write(run, "heat/max", highest)
    write(run, "solver/iterations", report.iterations)
    write(run, "solver/residual", report.solver_residual)
    log!(run; time = s.time, dt = s.dt, wall = s.wall)
    checkpoint && write(run, "note", @sprintf("checkpoint at t = %.6f", s.time))
    end_step(run)
end

"One step: the solver, what it has to tell, and now and then a checkpoint."
function compute(job, run, s, began)
    before, dt = [s.u[p.cell] for p in job.probes], s.dt
    report = advance!(s)
    full = s.step % CHECKPOINT_EVERY == 0
    s.wall = seconds() - began
    watch(job, s, before, dt)
    record(run, s, report, full)
    full && checkpoint(job, s, report)
end

function metrics_of(job, s, steps)
    config = @sprintf("{\"case\": \"insulated plate\", \"cells\": [%d, %d], \"diffusivity\": %g, \"tolerance\": %g}", N, N, DIFFUSIVITY, TOLERANCE)
    # Whatever was recorded at or beyond the step will be computed again. A metric that cannot be kept is no reason to stop.
    Plattli.Writer(job.dir; step = s.step, config = config, reopen_finished = true, errors = :warn) do run
        began = seconds() - s.wall
        while s.step < steps
            compute(job, run, s, began)
        end
        foreach(p -> append(job, p, s.step), job.probes)
        report_probes(job)
        finish(run)
    end
end

function main(args)
    isempty(args) && (println(stderr, "usage: probes.jl RUNDIR [steps]"); return 2)
    rank, steps = rank_of_process(), length(args) > 1 ? parse(UInt32, args[2]) : UInt32(2000)
    dir = joinpath(args[1], "rank-$rank")
    Plattli.State(joinpath(dir, "state"), "probes"; snapshot = true) do kept # probes.json, for people
        s = Plattli.Journal(joinpath(args[1], "journal")) do journal
            told = Set(read(journal))
            s = continued(kept, journal, told, rank, dir)
            Plattli.Stream(joinpath(dir, "stream"); store_bytes = QUOTA) do stream # beyond it the oldest rows go
                job = Job(rank, dir, kept, journal, told, stream, [probe(stream, p) for p in 0:15])
                metrics_of(job, s, steps)
            end
            event(rank, journal, told, s.step, "done")
            s
        end
        kept["phase"] = "done"
        println("probes: ", s.step, " steps, finished")
    end
    return 0
end

exit(main(ARGS))
