# A check: a job that was begun must be done.
begun=$(grep -c begun "$DATA_DIR/jobs.log")
done=$(grep -c done "$DATA_DIR/jobs.log")
[ "$begun" = "$done" ] && exit 0
echo "{\"class\": \"cut-job\", \"count\": $((begun - done)), \"summary\": \"begun and not done\"}"
exit 1
