/**
 * A kernel is one `.wgsl` file and one declaration beside the engine's code: which storage bindings it has, under their names in the
 * WGSL, and which parameter struct. Layouts and struct offsets are computed from the WGSL by webgpu-utils, never counted by hand.
 */
import { readShader, resolveIncludes } from "@slowroll/shaders";
import {
  makeBindGroupLayoutDescriptors,
  makeShaderDataDefinitions,
  makeStructuredView,
  type ShaderDataDefinitions,
  type TypedArrayOrViews,
  type Views,
} from "webgpu-utils";
import { ShaderCompileError } from "../../errors.ts";
import type { Gpu } from "./gpu.ts";
import { unrollLoops } from "./unroll.ts";

export interface KernelDeclaration<Binding extends string> {
  /** File under shaders/, without `.wgsl`. Its entry point is `main`. */
  readonly name: string;
  /** Names of the storage bindings in the WGSL, inputs first. */
  readonly bindings: readonly Binding[];
  /** Uniform bindings whose offset is given per dispatch. */
  readonly dynamic?: readonly string[];
}

/** Values of the kernel's `const` declarations and files it includes (prepended), and generated code (appended). */
export interface Specialisation {
  /** Files under shaders/ whose types the bindings are declared with. */
  readonly includes?: readonly string[];
  readonly constants?: Readonly<Record<string, number | boolean>>;
  readonly code?: string;
}

/** Values of a uniform struct by its fields' names; of a field that is a struct, likewise. */
export interface UniformValues {
  readonly [field: string]: number | readonly number[] | UniformValues;
}

export interface Kernel<Binding extends string> {
  readonly name: string;
  readonly pipeline: GPUComputePipeline;
  /** Workgroup size [x, y, z] of `main`. */
  readonly workgroup: readonly [number, number, number];
  /** The bytes of uniform `name` with the given fields, laid out as in the WGSL. Throws RangeError where a whole number does not fit its field. */
  uniform(name: string, values: UniformValues): ArrayBuffer;
  /** A bind group from buffers by their names in the WGSL; uniforms are named like storage bindings. */
  bind(
    buffers: Readonly<Record<Binding, GPUBuffer | GPUBufferBinding>> &
      Readonly<Record<string, GPUBuffer | GPUBufferBinding>>,
  ): Promise<GPUBindGroup>;
}

function literal(name: string, value: number | boolean): string {
  if (typeof value === "boolean") return `const ${name}: bool = ${value};`;
  return `const ${name}: u32 = ${value}u;`;
}

/** The kernel's own text with its constants and includes, and the whole WGSL with generated code and loops unrolled. WGSL needs no order of declarations. */
export function kernelSource(
  name: string,
  { constants = {}, includes = [], code = "" }: Specialisation,
): { own: string; whole: string } {
  const header = Object.entries(constants).map(([constant, value]) => literal(constant, value));
  const included = includes.map((file) => `// include: ${file}`);
  const own = [...header, ...included, readShader(`${name}.wgsl`)].join("\n");
  return { own: resolveIncludes(own), whole: unrollLoops(resolveIncludes(`${own}\n${code}`)) };
}

/** The first compile error of a shader with its line and the source around it. */
function compileMessage(name: string, source: string, messages: readonly GPUCompilationMessage[]): string {
  const first = messages.find((message) => message.type === "error");
  if (!first) return `${name}: the pipeline was refused`;
  const lines = source.split("\n");
  const around = lines
    .slice(Math.max(0, first.lineNum - 3), first.lineNum + 2)
    .map((line, index) => `${Math.max(1, first.lineNum - 2) + index}: ${line}`)
    .join("\n");
  return `${name}.wgsl:${first.lineNum}:${first.linePos}: ${first.message}\n${around}`;
}

function layouts(definitions: ShaderDataDefinitions, dynamic: readonly string[]): GPUBindGroupLayoutDescriptor[] {
  const descriptors = makeBindGroupLayoutDescriptors(definitions, { compute: { entryPoint: "main" } });
  for (const name of dynamic) {
    const { group, binding } = definitions.uniforms[name]!;
    const entry = [...descriptors[group]!.entries].find((candidate) => candidate.binding === binding)!;
    entry.buffer = { ...entry.buffer, hasDynamicOffset: true };
  }
  return descriptors;
}

/** Throws RangeError where a view of whole numbers, or one within it, holds other than it was given: what is beyond 32 bits wraps silently. */
function assertKept(name: string, view: TypedArrayOrViews, values: UniformValues[string]): void {
  if (view instanceof Float32Array) return;
  if (view instanceof Uint32Array || view instanceof Int32Array) {
    for (const [i, value] of [values].flat().entries())
      if (view[i] !== value) throw new RangeError(`${name} is ${value}, which does not fit 32 bits`);
    return;
  }
  for (const [field, within] of Object.entries(view as Views)) {
    // What is not given stays 0.
    const given = (values as UniformValues)[field];
    if (given !== undefined) assertKept(`${name}.${field}`, within, given);
  }
}

/** Of each kernel's own text: jobs ask again and again, and reading it takes ten milliseconds. */
const parsed = new Map<string, ShaderDataDefinitions>();

/** What a text of WGSL is compiled to, with the layouts of its bindings. Throws ShaderCompileError. */
async function compile(
  gpu: Gpu,
  name: string,
  source: string,
  descriptors: readonly GPUBindGroupLayoutDescriptor[],
): Promise<GPUComputePipeline> {
  const { device } = gpu;
  device.pushErrorScope("validation");
  const module = device.createShaderModule({ label: name, code: source });
  const layout = device.createPipelineLayout({
    label: name,
    bindGroupLayouts: descriptors.map((descriptor) => device.createBindGroupLayout({ ...descriptor, label: name })),
  });
  const refused = device.popErrorScope();
  // On a thread of Dawn's own, so that several compile at once.
  const compiled = device.createComputePipelineAsync({
    label: name,
    layout,
    compute: { module, entryPoint: "main" },
  });
  const [error, outcome] = await gpu.guarded(
    Promise.all([
      refused,
      compiled.then(
        (pipeline) => ({ pipeline }),
        (cause: Error) => ({ cause }),
      ),
    ]),
  );
  if (!error && "pipeline" in outcome) return outcome.pipeline;
  const { messages } = await module.getCompilationInfo();
  const message = error?.message ?? ("cause" in outcome ? outcome.cause.message : "");
  throw new ShaderCompileError(messages.length ? compileMessage(name, source, messages) : `${name}: ${message}`);
}

/** The same, or what the device has of it already. */
function pipelineOf(
  gpu: Gpu,
  name: string,
  source: string,
  descriptors: readonly GPUBindGroupLayoutDescriptor[],
): Promise<GPUComputePipeline> {
  // The whole text and layout are the key: nothing shorter can be told apart for certain.
  const key = `${source}\n${JSON.stringify(descriptors)}`;
  const known = gpu.pipelines.get(key);
  if (known) return known;
  const compiling = compile(gpu, name, source, descriptors);
  gpu.pipelines.set(key, compiling);
  // What failed may have been something else than the kernel: the next one who asks has it compiled again.
  compiling.catch(() => gpu.pipelines.delete(key));
  return compiling;
}

/** The workgroup size of `main`, of which constants may be a part. */
function workgroupOf(source: string, constants: Specialisation["constants"] = {}): Kernel<string>["workgroup"] {
  const size = /@workgroup_size\(([^)]*)\)/
    .exec(source)?.[1]
    ?.split(",")
    .map((part) => {
      const text = part.trim();
      return text in constants ? Number(constants[text]) : Number.parseInt(text, 10);
    });
  const [x = 1, y = 1, z = 1] = size ?? [];
  return [x, y, z];
}

/**
 * Compiles a kernel, or finds it already compiled for this device.
 * @throws ShaderCompileError with line and source where the WGSL does not compile.
 */
export async function loadKernel<Binding extends string>(
  gpu: Gpu,
  declaration: KernelDeclaration<Binding>,
  specialisation: Specialisation = {},
): Promise<Kernel<Binding>> {
  const { name, dynamic = [] } = declaration;
  const { own, whole: source } = kernelSource(name, specialisation);
  // The kernel's own text declares all bindings; parsing no more than that keeps generated code out of the parser's reach.
  const definitions = parsed.get(own) ?? makeShaderDataDefinitions(own);
  parsed.set(own, definitions);
  const pipeline = await pipelineOf(gpu, name, source, layouts(definitions, dynamic));
  const places = { ...definitions.uniforms, ...definitions.storages };
  return {
    name,
    pipeline,
    workgroup: workgroupOf(source, specialisation.constants),
    uniform(uniformName, values) {
      const view = makeStructuredView(definitions.uniforms[uniformName]!);
      view.set(values);
      assertKept(`${name}.wgsl: ${uniformName}`, view.views as TypedArrayOrViews, values);
      return view.arrayBuffer;
    },
    bind(buffers) {
      return gpu.checked(`${name} bindings`, () =>
        gpu.device.createBindGroup({
          label: name,
          layout: pipeline.getBindGroupLayout(0),
          entries: Object.entries<GPUBuffer | GPUBufferBinding>(buffers).map(([bindingName, resource]) => {
            const place = places[bindingName];
            if (!place) throw new ShaderCompileError(`${name}.wgsl has no binding named ${bindingName}`);
            const binding = "buffer" in resource ? resource : { buffer: resource };
            return {
              binding: place.binding,
              resource: dynamic.includes(bindingName) ? { ...binding, size: place.size } : binding,
            };
          }),
        }),
      );
    },
  };
}
