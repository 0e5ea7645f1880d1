package app

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"zummer/jobs"
	"zummer/models"
)

// metrics is what /metrics shows. Labels never hold a user, a number or a
// path: routes are patterns, sources are kinds.
type metrics struct {
	reg      *prometheus.Registry
	requests *prometheus.HistogramVec
	hooks    *prometheus.CounterVec
	lookups  *prometheus.HistogramVec
	batches  *prometheus.CounterVec
	ops      prometheus.Counter
	batchS   prometheus.Histogram
	jobS     *prometheus.HistogramVec
	jobErrs  *prometheus.CounterVec
	pending  prometheus.Gauge
	oldest   prometheus.Gauge
	strays   prometheus.Gauge
	toldS    prometheus.Histogram
}

func newMetrics() *metrics {
	m := &metrics{reg: prometheus.NewRegistry(),
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "zummer_request_seconds", Help: "Finished requests by route; a long poll's time is mostly waiting.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, 1, 5, 30, 60}}, []string{"route", "method", "status"}),
		hooks: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "zummer_webhooks_total", Help: "Webhooks by kind of source and outcome."}, []string{"kind", "outcome"}),
		lookups: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "zummer_lookup_seconds", Help: "Questions to the CRM who calls, by outcome.",
			Buckets: []float64{.001, .01, .05, .1, .2, .3, 1}}, []string{"outcome"}),
		batches: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "zummer_batches_total", Help: "Transactions of the register by result."}, []string{"result"}),
		ops:     prometheus.NewCounter(prometheus.CounterOpts{Name: "zummer_operations_total", Help: "Operations written in those batches."}),
		batchS: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "zummer_batch_seconds", Help: "Time of one transaction with its retries.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, 1, 5, 20}}),
		jobS: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "zummer_job_seconds", Help: "Runs of a job.",
			Buckets: []float64{.001, .01, .1, 1, 10, 60, 300}}, []string{"job"}),
		jobErrs: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "zummer_job_failures_total", Help: "Failed runs of a job."}, []string{"job"}),
		pending: prometheus.NewGauge(prometheus.GaugeOpts{Name: "zummer_pending_notifications", Help: "Rows pending, as of the last statistics run."}),
		oldest:  prometheus.NewGauge(prometheus.GaugeOpts{Name: "zummer_oldest_pending_seconds", Help: "Age of the oldest pending row."}),
		strays:  prometheus.NewGauge(prometheus.GaugeOpts{Name: "zummer_default_partition_rows", Help: "Rows outside of every day partition; anything but 0 needs a look."}),
	}
	m.toldS = prometheus.NewHistogram(prometheus.HistogramOpts{Name: "zummer_told_seconds", Help: "From the transaction that made a revision to the answer that carried it to a client that waits or keeps coming.",
		Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60}})
	m.reg.MustRegister(m.lookups, m.toldS, m.requests, m.hooks, m.batches, m.ops, m.batchS, m.jobS, m.jobErrs, m.pending, m.oldest, m.strays,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// watch adds the gauge of waiting polls.
func (m *metrics) watch(waiting func() int) {
	m.reg.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "zummer_waiting_polls", Help: "Polls held by this process."},
		func() float64 { return float64(waiting()) }))
}

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.reg, promhttp.HandlerOpts{Registry: m.reg})
}

func (m *metrics) request(route, method string, status int, took time.Duration) {
	if route == "" {
		route = "none"
	}
	m.requests.WithLabelValues(route, method, strconv.Itoa(status)).Observe(took.Seconds())
}

func (m *metrics) hook(kind, outcome string) {
	if kind == "" {
		kind = "none"
	}
	m.hooks.WithLabelValues(kind, outcome).Inc()
}

// lookup counts a question to the CRM.
func (m *metrics) lookup(outcome string, took time.Duration) {
	m.lookups.WithLabelValues(outcome).Observe(took.Seconds())
}

func (m *metrics) batch(ops int, took time.Duration, err error) {
	result := "ok"
	if err != nil {
		result = "failed"
	}
	m.batches.WithLabelValues(result).Inc()
	m.ops.Add(float64(ops))
	m.batchS.Observe(took.Seconds())
}

func (m *metrics) job(r jobs.Result) {
	m.jobS.WithLabelValues(r.Job).Observe(r.Took.Seconds())
	if r.Err != nil {
		m.jobErrs.WithLabelValues(r.Job).Inc()
	}
}

func (m *metrics) told(after time.Duration) { m.toldS.Observe(after.Seconds()) }

func (m *metrics) stray(rows int64) { m.strays.Set(float64(rows)) }

func (m *metrics) stats(s models.Stats) {
	m.pending.Set(float64(s.Pending))
	age := 0.0
	if !s.OldestPending.IsZero() {
		age = time.Since(s.OldestPending).Seconds()
	}
	m.oldest.Set(age)
}
