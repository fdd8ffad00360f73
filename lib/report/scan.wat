;; Looks for the end of a JSON value, 16 bytes at a time (WebAssembly's SIMD), and checks its brackets
;; and where its strings end. json_reader.ts says what calls it. `deno task generate` makes scan_wasm.ts.
(module
  ;; 0 to 63: the open brackets. 64: depth, 68: 1 in a string, 72: 1 after a backslash, 76: what is wrong
  ;; (0 nothing, 1 too deep, 2 brackets that do not match, 3 a control character in a string).
  ;; 80: number of lists of stocks that were found, 84: where the open one begins, or 0.
  ;; From 1024 on: 65536 bytes of text. From 66560 on: where each list of stocks begins and ends.
  (memory (export "memory") 2)

  ;; Whether the bracket at $at opens the value of a key "stocks_produits", before which there is a colon
  ;; and perhaps a space. The key and its closing quote are 16 bytes.
  (func $opensStocks (param $at i32) (result i32)
    (local.set $at (i32.sub (local.get $at) (i32.const 17)))
    (if (i32.eq (i32.load8_u offset=16 (local.get $at)) (i32.const 0x20))
      (then (local.set $at (i32.sub (local.get $at) (i32.const 1)))))
    (i32.and
      (i8x16.all_true (i8x16.eq (v128.load (local.get $at))
        ;; In hexadecimal: stocks_produits"
        (v128.const i8x16 0x73 0x74 0x6f 0x63 0x6b 0x73 0x5f 0x70 0x72 0x6f 0x64 0x75 0x69 0x74 0x73 0x22)))
      (i32.and
        (i32.eq (i32.load8_u offset=16 (local.get $at)) (i32.const 0x3a))
        (i32.and
          (i32.eq (i32.load8_u (i32.sub (local.get $at) (i32.const 1))) (i32.const 0x22))
          ;; The quote may not be part of a longer key.
          (i32.ne (i32.load8_u (i32.sub (local.get $at) (i32.const 2))) (i32.const 0x5c))))))

  ;; Takes down where the open list of stocks begins and ends, as long as there is room.
  (func $foundStocks (param $end i32)
    (local $count i32) (local $place i32)
    (local.set $count (i32.load (i32.const 80)))
    (if (i32.lt_u (local.get $count) (i32.const 8000))
      (then
        (local.set $place
          (i32.add (i32.const 66560) (i32.shl (local.get $count) (i32.const 3))))
        (i32.store (local.get $place) (i32.load (i32.const 84)))
        (i32.store offset=4 (local.get $place) (local.get $end))
        (i32.store (i32.const 80) (i32.add (local.get $count) (i32.const 1)))))
    (i32.store (i32.const 84) (i32.const 0)))

  ;; Takes the bracket at $at; whether the value goes on.
  (func $bracket (param $at i32) (param $floor i32) (result i32)
    (local $byte i32) (local $depth i32)
    (local.set $byte (i32.load8_u (local.get $at)))
    (local.set $depth (i32.load (i32.const 64)))
    (if (i32.eq (i32.or (local.get $byte) (i32.const 0x20)) (i32.const 0x7b))
      (then
        (if (i32.eq (local.get $depth) (i32.const 64))
          (then (i32.store (i32.const 76) (i32.const 1)) (return (i32.const 0))))
        ;; Stocks are at the fourth level: payload, list of firms, firm, stocks.
        (if (i32.and (i32.eq (local.get $depth) (i32.const 3))
            (i32.eq (local.get $byte) (i32.const 0x5b)))
          (then (if (call $opensStocks (local.get $at))
            (then (i32.store (i32.const 84) (local.get $at))))))
        (i32.store8 (local.get $depth) (local.get $byte))
        (i32.store (i32.const 64) (i32.add (local.get $depth) (i32.const 1)))
        (return (i32.const 1))))
    ;; An opening bracket is two below its closing one, in ASCII. The depth is above the floor, so not 0.
    (local.set $depth (i32.sub (local.get $depth) (i32.const 1)))
    (i32.store (i32.const 64) (local.get $depth))
    (if (i32.ne (i32.load8_u (local.get $depth)) (i32.sub (local.get $byte) (i32.const 2)))
      (then (i32.store (i32.const 76) (i32.const 2)) (return (i32.const 0))))
    (if (i32.and (i32.eq (local.get $depth) (i32.const 3)) (i32.ne (i32.load (i32.const 84)) (i32.const 0)))
      (then (call $foundStocks (i32.add (local.get $at) (i32.const 1)))))
    (i32.ne (local.get $depth) (local.get $floor)))

  ;; Reads from $at until a bracket closes down to $floor, something is wrong, or $end; returns where.
  ;; With $strict, strings hold no control character.
  (func (export "scan") (param $at i32) (param $end i32) (param $floor i32) (param $strict i32)
      (result i32)
    (local $inString i32) (local $escaped i32) (local $bytes v128) (local $folded v128)
    (local $strings i32) (local $brackets i32) (local $odd i32) (local $byte i32) (local $place i32)
    (local.set $inString (i32.load (i32.const 68)))
    (local.set $escaped (i32.load (i32.const 72)))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
        (block $single
          (br_if $single (local.get $escaped))
          (br_if $single (i32.gt_u (i32.add (local.get $at) (i32.const 16)) (local.get $end)))
          (local.set $bytes (v128.load (local.get $at)))
          (local.set $odd (i8x16.bitmask (i8x16.eq (local.get $bytes) (i8x16.splat (i32.const 0x5c)))))
          ;; A bit is set from an opening quote up to before the closing one: each bit is the parity
          ;; of the quotes up to it.
          (local.set $strings
            (i8x16.bitmask (i8x16.eq (local.get $bytes) (i8x16.splat (i32.const 0x22)))))
          (local.set $strings (i32.xor (local.get $strings) (i32.shl (local.get $strings) (i32.const 1))))
          (local.set $strings (i32.xor (local.get $strings) (i32.shl (local.get $strings) (i32.const 2))))
          (local.set $strings (i32.xor (local.get $strings) (i32.shl (local.get $strings) (i32.const 4))))
          (local.set $strings (i32.xor (local.get $strings) (i32.shl (local.get $strings) (i32.const 8))))
          (local.set $strings
            (i32.xor (local.get $strings) (i32.sub (i32.const 0) (local.get $inString))))
          (if (local.get $strict)
            (then
              (local.set $odd (i32.or (local.get $odd)
                (i32.and (local.get $strings)
                  (i8x16.bitmask
                    (i8x16.lt_u (local.get $bytes) (i8x16.splat (i32.const 0x20)))))))))
          (br_if $single (local.get $odd))
          ;; Both kinds of brackets differ in one bit.
          (local.set $folded (v128.or (local.get $bytes) (i8x16.splat (i32.const 0x20))))
          (local.set $brackets
            (i32.and (i32.xor (local.get $strings) (i32.const -1))
              (i8x16.bitmask (v128.or
                (i8x16.eq (local.get $folded) (i8x16.splat (i32.const 0x7b)))
                (i8x16.eq (local.get $folded) (i8x16.splat (i32.const 0x7d)))))))
          (block $taken
            (loop $each
              (br_if $taken (i32.eqz (local.get $brackets)))
              (local.set $place (i32.add (local.get $at) (i32.ctz (local.get $brackets))))
              (local.set $brackets
                (i32.and (local.get $brackets) (i32.sub (local.get $brackets) (i32.const 1))))
              (br_if $each (call $bracket (local.get $place) (local.get $floor)))
              (local.set $inString (i32.const 0))
              (local.set $at (i32.add (local.get $place) (i32.const 1)))
              (br $done)))
          (local.set $inString
            (i32.and (i32.shr_u (local.get $strings) (i32.const 15)) (i32.const 1)))
          (local.set $at (i32.add (local.get $at) (i32.const 16)))
          (br $next))
        (local.set $place (local.get $at))
        (local.set $byte (i32.load8_u (local.get $at)))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (if (local.get $escaped)
          (then (local.set $escaped (i32.const 0)) (br $next)))
        (if (i32.eq (local.get $byte) (i32.const 0x22))
          (then (local.set $inString (i32.xor (local.get $inString) (i32.const 1))) (br $next)))
        (if (local.get $inString)
          (then
            (if (i32.eq (local.get $byte) (i32.const 0x5c))
              (then (local.set $escaped (i32.const 1)) (br $next)))
            (br_if $next (i32.eqz (i32.and (local.get $strict)
              (i32.lt_u (local.get $byte) (i32.const 0x20)))))
            (i32.store (i32.const 76) (i32.const 3))
            (br $done)))
        (local.set $byte (i32.or (local.get $byte) (i32.const 0x20)))
        (br_if $next (i32.eqz (i32.or
          (i32.eq (local.get $byte) (i32.const 0x7b))
          (i32.eq (local.get $byte) (i32.const 0x7d)))))
        (br_if $next (call $bracket (local.get $place) (local.get $floor)))))
    (i32.store (i32.const 68) (local.get $inString))
    (i32.store (i32.const 72) (local.get $escaped))
    (local.get $at)))
