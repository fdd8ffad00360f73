/** Decodes messages of remote write with a library that knows nothing of our encoder. @module */

import { create, createFileRegistry, fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { uncompress } from "snappyjs";

/** Types of fields, and whether there are several; see descriptor.proto. */
const TYPES = { double: 1, int64: 3, message: 11, string: 9, uint32: 13, int32: 5 } as const;
const LABEL = { one: 1, many: 3 } as const;

/** A field: its number, its type or the message that it holds, and whether there are several. */
type Field = readonly [number: number, type: keyof typeof TYPES | `.${string}`, many?: "many"];

function message(name: string, fields: Readonly<Record<string, Field>>) {
  return {
    name,
    field: Object.entries(fields).map(([name, [number, type, many = "one"]]) => ({
      name,
      number,
      label: LABEL[many as keyof typeof LABEL],
      ...type.startsWith(".")
        ? { type: TYPES.message, typeName: type }
        : { type: TYPES[type as keyof typeof TYPES] },
    })),
  };
}

const LABEL_FIELDS = { name: [1, "string"], value: [2, "string"] } as const;

/** The messages of both versions, as far as a sender of floats needs them. */
const FILES = create(FileDescriptorSetSchema, {
  file: [{
    name: "one.proto",
    package: "prometheus",
    syntax: "proto3",
    messageType: [
      message("Label", LABEL_FIELDS),
      message("Sample", { value: [1, "double"], timestamp: [2, "int64"] }),
      message("TimeSeries", {
        labels: [1, ".prometheus.Label", "many"],
        samples: [2, ".prometheus.Sample", "many"],
      }),
      message("MetricMetadata", {
        type: [1, "int32"],
        metric_family_name: [2, "string"],
        help: [4, "string"],
      }),
      message("WriteRequest", {
        timeseries: [1, ".prometheus.TimeSeries", "many"],
        metadata: [3, ".prometheus.MetricMetadata", "many"],
      }),
    ],
  }, {
    name: "two.proto",
    package: "v2",
    syntax: "proto3",
    messageType: [
      message("Sample", {
        value: [1, "double"],
        timestamp: [2, "int64"],
        start_timestamp: [3, "int64"],
      }),
      message("Metadata", { type: [1, "int32"], help_ref: [3, "uint32"], unit_ref: [4, "uint32"] }),
      message("TimeSeries", {
        labels_refs: [1, "uint32", "many"],
        samples: [2, ".v2.Sample", "many"],
        metadata: [5, ".v2.Metadata"],
      }),
      message("Request", {
        symbols: [4, "string", "many"],
        timeseries: [5, ".v2.TimeSeries", "many"],
      }),
    ],
  }],
} as never);

const REGISTRY = createFileRegistry(FILES);

/** One sample as it was sent: times in milliseconds since 1970, 0 = none. */
export interface DecodedSample {
  readonly value: number;
  readonly timestamp: number;
  readonly start: number;
}

export interface DecodedSeries {
  readonly labels: readonly (readonly [name: string, value: string])[];
  readonly samples: readonly DecodedSample[];
  /** Number of its type, and its help; undefined in 1.0, which has them by family. */
  readonly metadata: { readonly type: number; readonly help: string } | undefined;
}

type Raw = Readonly<Record<string, unknown>>;

function rawMessage(typeName: string, bytes: Uint8Array): Raw {
  const type = REGISTRY.getMessage(typeName)!;
  return fromBinary(type, bytes) as unknown as Raw;
}

function samplesOf(raw: Raw): DecodedSample[] {
  return (raw.samples as Raw[]).map(({ value, timestamp, startTimestamp = 0n }) => ({
    value: value as number,
    timestamp: Number(timestamp),
    start: Number(startTimestamp),
  }));
}

/** Decodes a message of version 1.0 that is not compressed. */
export function decode1(bytes: Uint8Array): DecodedSeries[] {
  return (rawMessage("prometheus.WriteRequest", bytes).timeseries as Raw[]).map((raw) => ({
    labels: (raw.labels as { name: string; value: string }[]).map(({ name, value }) =>
      [name, value] as const
    ),
    samples: samplesOf(raw),
    metadata: undefined,
  }));
}

/** What a message of version 1.0 that is not compressed says of families. */
export function familiesOf(bytes: Uint8Array): [name: string, type: number, help: string][] {
  const { metadata } = rawMessage("prometheus.WriteRequest", bytes);
  return (metadata as { metricFamilyName: string; type: number; help: string }[])
    .map(({ metricFamilyName, type, help }) => [metricFamilyName, type, help]);
}

/** Decodes a message of version 2.0 that is not compressed, and gives its symbols. */
export function decode2(bytes: Uint8Array): { symbols: string[]; series: DecodedSeries[] } {
  const request = rawMessage("v2.Request", bytes);
  const symbols = request.symbols as string[];
  const series = (request.timeseries as Raw[]).map((raw) => {
    const refs = raw.labelsRefs as number[];
    const { type, helpRef } = raw.metadata as { type: number; helpRef: number };
    return {
      labels: refs.flatMap((ref, place) =>
        place % 2 === 0 ? [[symbols[ref]!, symbols[refs[place + 1]!]!] as const] : []
      ),
      samples: samplesOf(raw),
      metadata: { type, help: symbols[helpRef]! },
    };
  });
  return { symbols, series };
}

/** A request as a receiver gets it. */
export async function decodeRequest(request: Request): Promise<DecodedSeries[]> {
  const bytes = uncompress(new Uint8Array(await request.arrayBuffer()));
  const isTwo = request.headers.get("content-type")?.includes("write.v2") ?? false;
  return isTwo ? decode2(bytes).series : decode1(bytes);
}
