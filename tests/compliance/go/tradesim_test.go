package main

import "github.com/prometheus/compliance/remotewrite/sender/targets"

func init() {
	registeredTargets["tradesim"] = targets.RunTradesim("auto")
	registeredTargets["tradesim-1.0"] = targets.RunTradesim("1.0")
}
