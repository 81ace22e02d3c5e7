#!/bin/sh
# The table of peers.sh as ratios: how many times topdown's CPU time and wall time each other tool took.
awk '$1 == "topdown" { cpu = $2; wall = $3 } { row[NR] = $0 }
     END {
         printf "\n%-26s %14s %15s\n", "against topdown", "CPU", "wall"
         for (i = 3; i <= NR; i++) {
             split(row[i], f)
             if (f[2] > 0 && f[1] != "topdown" && cpu > 0) printf "%-26s %12.2f x %13.2f x\n", f[1], f[2] / cpu, f[3] / wall
         }
     }' "$1"
