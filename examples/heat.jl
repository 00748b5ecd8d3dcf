# Heat in an insulated square plate: implicit Euler in time, conjugate gradients in space, metrics by plattli.
#
#   make && julia --project=bindings/julia examples/heat.jl heat-run 2000
#
# Kill it whenever you like and start it again: it continues from its last checkpoint (RUNDIR/heat.restart), and the
# metrics continue from exactly that step. Read them while it runs, or after it ended, with Plattli.Reader.
# The program is that of examples/heat.c, operation by operation: their runs are the same but for times.

using Plattli
using Printf

const N = 128
const CELLS = N * N
const CHECKPOINT_EVERY = 100
const MAX_ITERATIONS = 500
const WIDTH, DIFFUSIVITY, TOLERANCE, DT_FIRST, DT_LAST = 1.0, 1.0, 1e-8, 1e-5, 2e-4

"Everything a restart needs."
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

seconds() = time_ns() * 1e-9

# -- the physics ----------------------------------------------------------------------------------------------------

function initial()
    u = zeros(CELLS)
    for j in 0:(N - 1), i in 0:(N - 1)
        x, y = (i + 0.5) / N - 0.3, (j + 0.5) / N - 0.4
        u[j * N + i + 1] = x * x + y * y < 0.04 ? 100.0 : 20.0
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

# -- the restart file -------------------------------------------------------------------------------------------------

"Replaces the restart file as a whole: a kill at any instant leaves the old one or the new one."
function save(s, path)
    tmp = path * ".tmp"
    open(tmp, "w") do f
        write(f, s.step, UInt32(0), s.time, s.dt, s.wall, s.u)
        flush(f)
        ccall(:fsync, Cint, (Cint,), fd(f)) == 0 || error("cannot sync $tmp")
    end
    Base.Filesystem.rename(tmp, path)
end

function load(path)
    open(path) do f
        step, _ = read(f, UInt32), read(f, UInt32)
        State(step, read(f, Float64), read(f, Float64), read(f, Float64), read!(f, zeros(CELLS)))
    end
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

function main(args)
    isempty(args) && (println(stderr, "usage: heat.jl RUNDIR [steps]"); return 2)
    dir = args[1]
    steps = length(args) > 1 ? parse(UInt32, args[2]) : UInt32(2000)
    restart = joinpath(dir, "heat.restart")
    s = isfile(restart) ? load(restart) : initial()
    s.step > 0 && println("heat: continues at step ", s.step)
    config = @sprintf("{\"case\": \"insulated plate\", \"cells\": [%d, %d], \"diffusivity\": %g, \"tolerance\": %g}", N, N, DIFFUSIVITY, TOLERANCE)
    # Whatever was recorded at or beyond the step will be computed again. A metric that cannot be kept is no reason to stop.
    Plattli.Writer(dir; step = s.step, config = config, errors = :warn) do run
        began = seconds() - s.wall
        while s.step < steps
            report = advance!(s)
            checkpoint = s.step % CHECKPOINT_EVERY == 0
            s.wall = seconds() - began
            record(run, s, report, checkpoint)
            checkpoint && save(s, restart)
        end
        finish(run)
    end
    println("heat: ", s.step, " steps, finished")
    return 0
end

exit(main(ARGS))
