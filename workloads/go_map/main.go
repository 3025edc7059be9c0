// go_map is the workload on Go's own map and runtime: map[string][]string.
package main

import "afterfree/workloads/go_map/driver"

func main() {
	driver.Main(driver.Program{})
}
