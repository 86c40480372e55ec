/**
 * TensorFlow.js on its wasm backend: SIMD, one thread (its threads want a browser's workers and do not start in Node). Every layer of a
 * batch of networks is one operation, the gradient by hand. In a process of its own, since the backend ends the process at any unhandled
 * rejection. Same protocol as peer.py.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

/** Hidden units in a batch of networks: an operation's arrays stay in the cache, and its overhead small. */
const UNITS = 8192;

const say = (answer) => process.stdout.write(`${JSON.stringify(answer)}\n`);
const require = createRequire(import.meta.url);
const work = JSON.parse(readFileSync(process.argv[2], "utf8"));

async function load() {
  // The library greets on stderr; only the backend's absence is an error.
  const tf = require("@tensorflow/tfjs-core");
  require("@tensorflow/tfjs-backend-wasm");
  if (!(await tf.setBackend("wasm"))) throw new Error("its wasm backend does not start");
  return { tf, version: require("@tensorflow/tfjs-backend-wasm/package.json").version };
}

/** Outputs [networks][D] after all steps, one hidden layer. */
function train(tf) {
  const { networks, width, inputDimension: d, steps, learningRate, weightStd, biasStd } = work;
  const bytes = readFileSync(work.weights);
  const flat = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  const D = work.targets.length;
  const size = width * (d + 2) + 1;
  const scale = weightStd / Math.sqrt(width);
  const outcome = [];
  const batch = Math.max(1, Math.floor(UNITS / width));
  // [D][d + 1]: the bias is one more input.
  const x = tf.tensor2d(
    Array.from({ length: D }, (_, a) => [
      ...work.inputs.slice(a * d, (a + 1) * d).map((value) => (value * weightStd) / Math.sqrt(d)),
      biasStd,
    ]),
  );
  const y = tf.tensor2d(work.targets, [D, 1]);
  for (let first = 0; first < networks; first += batch) {
    const count = Math.min(batch, networks - first);
    const part = (from, length) =>
      Float32Array.from(
        { length: count * length },
        (_, i) => flat[(first + Math.floor(i / length)) * size + from + (i % length)],
      );
    const weights = part(0, width * d);
    const biases = part(width * d, width);
    // [count width][d + 1], [1][count][width], [1][count].
    let w = tf.tensor2d(
      Float32Array.from({ length: count * width * (d + 1) }, (_, i) => {
        const unit = Math.floor(i / (d + 1));
        return i % (d + 1) < d ? weights[unit * d + (i % (d + 1))] : biases[unit];
      }),
      [count * width, d + 1],
    );
    let v = tf.tensor3d(part(width * (d + 1), width), [1, count, width]);
    let c = tf.tensor2d(part(width * (d + 2), 1), [1, count]);
    const forward = () => {
      const z = tf.matMul(x, w, false, true);
      const h = tf.reshape(tf.erf(z), [D, count, width]);
      return { z, h, f: tf.add(tf.mul(tf.sum(tf.mul(h, v), 2), scale), tf.mul(c, biasStd)) };
    };
    for (let step = 0; step < steps; step++) {
      const before = [w, v, c];
      [w, v, c] = tf.tidy(() => {
        const { z, h, f } = forward();
        const push = tf.mul(tf.sub(f, y), learningRate);
        const wide = tf.reshape(push, [D, count, 1]);
        const slope = tf.exp(tf.neg(tf.square(z)));
        const back = tf.mul(tf.mul(wide, (scale * 2) / Math.sqrt(Math.PI)), v);
        const delta = tf.mul(tf.reshape(back, [D, count * width]), slope);
        return [
          tf.sub(w, tf.matMul(delta, x, true, false)),
          tf.sub(v, tf.mul(tf.sum(tf.mul(h, wide), 0, true), scale)),
          tf.sub(c, tf.mul(tf.sum(push, 0, true), biasStd)),
        ];
      });
      tf.dispose(before);
    }
    const f = tf.tidy(() => tf.transpose(forward().f).dataSync());
    tf.dispose([w, v, c]);
    outcome.push(...f);
  }
  tf.dispose([x, y]);
  return Float64Array.from(outcome);
}

try {
  const { tf, version } = await load();
  say({ version });
  let outcome = new Float64Array();
  for await (const line of createInterface({ input: process.stdin })) {
    if (line.trim() === "run") {
      const start = performance.now();
      outcome = train(tf);
      say({ seconds: (performance.now() - start) / 1000 });
    } else {
      writeFileSync(work.outcome, new Uint8Array(outcome.buffer));
      say({});
    }
  }
} catch (error) {
  say({ missing: error.message.split("\n")[0] });
}
