;; Throws, on the other side of the bridge.
(module
  (tag $i (export "i") (param i32))
  (func (export "throw") (param i32) (throw $i (local.get 0)))
  (func $deep (export "deep") (param $n i32) (param $v i32) (result i32)
    (if (i32.eqz (local.get $n)) (then (throw $i (local.get $v))))
    (i32.add (call $deep (i32.sub (local.get $n) (i32.const 1)) (local.get $v)) (i32.const 1)))
  (func $tail (export "tail") (param $n i32) (param $v i32) (result i32)
    (if (i32.eqz (local.get $n)) (then (throw $i (local.get $v))))
    (return_call $tail (i32.sub (local.get $n) (i32.const 1)) (local.get $v)))
  ;; Calls back into whoever set it.
  (type $ii (func (param i32 i32) (result i32)))
  (table 1 funcref)
  (func (export "set_back") (param funcref) (table.set 0 (i32.const 0) (local.get 0)))
  (func (export "back") (type $ii)
    (call_indirect (type $ii) (local.get 0) (local.get 1) (i32.const 0))))
