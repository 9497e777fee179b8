// Command bench measures what Postern costs and prints one table: CPU time per request, throughput, latency, memory, and
// the time from start to ready. `make bench` runs it; docs/performance.md explains each row.
//
//	bench (this process)            makes the load, reads the other processes' CPU time and memory from /proc
//	 ├ bench upstream               the application: answers every GET with 1 KiB
//	 ├ bench bare                   a tuned httputil.ReverseProxy and nothing else: the measure for all else
//	 └ postern serve                built as a release is, default settings, JSON log into a file
//
// What is compared runs in turns within one run, several rounds, and counts as the median of the rounds' ratios, since two
// runs on a shared machine differ more than what is to be seen. Everything is on the loopback interface and bounded in
// count and in time.
package main
