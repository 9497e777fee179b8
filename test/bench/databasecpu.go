package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// databaseCPU tells the CPU time of PostgreSQL's processes and of this one.
type databaseCPU struct{ postmaster string }

func newDatabaseCPU(ctx context.Context, at string) (databaseCPU, error) {
	db, err := pgx.Connect(ctx, at)
	if err != nil {
		return databaseCPU{}, fmt.Errorf("connect: %w", err)
	}
	defer db.Close(ctx)
	var file string
	if err := db.QueryRow(ctx, "SELECT pg_read_file('postmaster.pid')").Scan(&file); err != nil {
		return databaseCPU{}, fmt.Errorf("find PostgreSQL's process: %w", err)
	}
	pid, _, _ := strings.Cut(file, "\n")
	return databaseCPU{pid}, nil
}

// used is the time used so far. What has ended meanwhile is missed, so connections must stay open from one call to the next.
func (d databaseCPU) used() (time.Duration, error) {
	var own syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &own); err != nil {
		return 0, fmt.Errorf("read own CPU time: %w", err)
	}
	total := time.Duration(own.Utime.Nano() + own.Stime.Nano())
	files, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return 0, err
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // it has ended
		}
		fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
		if len(fields) < 13 || fields[1] != d.postmaster {
			continue
		}
		for _, field := range fields[11:13] { // see process.cpu
			n, err := strconv.ParseInt(field, 10, 64)
			if err != nil {
				return 0, fmt.Errorf("read CPU time: %w", err)
			}
			total += time.Duration(n) * tick
		}
	}
	return total, nil
}
