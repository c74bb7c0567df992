// Depthwise convolutions in channels last. One thread works on eight channels at a time; sums are taken in single
// precision and in a fixed order, so that every run gives the same. K (side of the kernel) and TYPE (0 float32,
// 1 bfloat16, 2 float16) are defined by whoever compiles this; S is the stride.

#define P (K / 2)

#if TYPE == 0
typedef float T;
__device__ void load8(const T* p, float* f) {
    float4 a = ((const float4*)p)[0], b = ((const float4*)p)[1];
    f[0] = a.x; f[1] = a.y; f[2] = a.z; f[3] = a.w; f[4] = b.x; f[5] = b.y; f[6] = b.z; f[7] = b.w;
}
__device__ void store8(T* p, const float* f) {
    float4 a = {f[0], f[1], f[2], f[3]}, b = {f[4], f[5], f[6], f[7]};
    ((float4*)p)[0] = a; ((float4*)p)[1] = b;
}
#else
typedef unsigned short T;
#if TYPE == 1
__device__ float widen(unsigned int bits) { return __uint_as_float(bits << 16); }
__device__ unsigned int narrow(float value) {
    unsigned int bits = __float_as_uint(value);
    if ((bits & 0x7fffffffu) > 0x7f800000u) return 0x7fc0u;
    return (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;
}
#else
__device__ float widen(unsigned int bits) {
    float value; asm("cvt.f32.f16 %0, %1;" : "=f"(value) : "h"((unsigned short)bits)); return value;
}
__device__ unsigned int narrow(float value) {
    unsigned short bits; asm("cvt.rn.f16.f32 %0, %1;" : "=h"(bits) : "f"(value)); return bits;
}
#endif
__device__ void load8(const T* p, float* f) {
    uint4 q = *(const uint4*)p;
    unsigned int words[4] = {q.x, q.y, q.z, q.w};
#pragma unroll
    for (int i = 0; i < 4; i++) { f[2 * i] = widen(words[i] & 0xffffu); f[2 * i + 1] = widen(words[i] >> 16); }
}
__device__ void store8(T* p, const float* f) {
    unsigned int words[4];
#pragma unroll
    for (int i = 0; i < 4; i++) words[i] = narrow(f[2 * i]) | (narrow(f[2 * i + 1]) << 16);
    uint4 q = {words[0], words[1], words[2], words[3]};
    *(uint4*)p = q;
}
#endif

__device__ void add_product(float* sum, const float* values, const float* weights) {
#pragma unroll
    for (int e = 0; e < 8; e++) sum[e] += values[e] * weights[e];
}

__device__ void load_weights(const float* weight, int C, int tap, int c, float* f) {
    const float4* p = (const float4*)(weight + tap * C + c);
    float4 a = p[0], b = p[1];
    f[0] = a.x; f[1] = a.y; f[2] = a.z; f[3] = a.w; f[4] = b.x; f[5] = b.y; f[6] = b.z; f[7] = b.w;
}

// out [N, HO, WO, C] of x [N, H, W, C] and weight [K * K, C]; a thread for each place and eight channels.
extern "C" __global__ void convolve(
    const T* x, const float* weight, T* out, int S, int H, int W, int C, int HO, int WO, int threads) {
    int t = blockIdx.x * blockDim.x + threadIdx.x;
    if (t >= threads) return;
    int octets = C / 8, c = (t % octets) * 8, place = t / octets;
    int wo = place % WO, ho = place / WO % HO, n = place / WO / HO;
    float sum[8] = {0, 0, 0, 0, 0, 0, 0, 0}, values[8], weights[8];
#pragma unroll
    for (int i = 0; i < K; i++) {
        int h = ho * S + i - P;
        if (h < 0 || h >= H) continue;
#pragma unroll
        for (int j = 0; j < K; j++) {
            int w = wo * S + j - P;
            if (w < 0 || w >= W) continue;
            load8(x + ((size_t)(n * H + h) * W + w) * C + c, values);
            load_weights(weight, C, i * K + j, c, weights);
            add_product(sum, values, weights);
        }
    }
    store8(out + (size_t)place * C + c, sum);
}

// The gradient [N, H, W, C] of x from that of out.
extern "C" __global__ void input_gradient(
    const T* slope, const float* weight, T* out, int S, int H, int W, int C, int HO, int WO, int threads) {
    int t = blockIdx.x * blockDim.x + threadIdx.x;
    if (t >= threads) return;
    int octets = C / 8, c = (t % octets) * 8, place = t / octets;
    int w = place % W, h = place / W % H, n = place / W / H;
    float sum[8] = {0, 0, 0, 0, 0, 0, 0, 0}, values[8], weights[8];
#pragma unroll
    for (int i = 0; i < K; i++) {
        int a = h + P - i, ho = a / S;
        if (a < 0 || a % S != 0 || ho >= HO) continue;
#pragma unroll
        for (int j = 0; j < K; j++) {
            int b = w + P - j, wo = b / S;
            if (b < 0 || b % S != 0 || wo >= WO) continue;
            load8(slope + ((size_t)(n * HO + ho) * WO + wo) * C + c, values);
            load_weights(weight, C, i * K + j, c, weights);
            add_product(sum, values, weights);
        }
    }
    store8(out + (size_t)place * C + c, sum);
}

// Parts [B, K * K, C] of the gradient of the weight. A block sums up `each` places for 64 channels (8 threads beside one
// another) and one row of the kernel.
extern "C" __global__ void weight_gradient(
    const T* x, const T* slope, float* parts, int S, int H, int W, int C, int HO, int WO, int places,
    int each) {
    __shared__ float shared[256][8];
    int lane = threadIdx.x % 8, worker = threadIdx.x / 8, i = blockIdx.z;
    int c = (blockIdx.y * 8 + lane) * 8;
    int end = min(places, (int)(blockIdx.x + 1) * each);
    float sum[K][8], values[8], slopes[8];
#pragma unroll
    for (int j = 0; j < K; j++)
#pragma unroll
        for (int e = 0; e < 8; e++) sum[j][e] = 0;
    if (c < C) {
        for (int place = blockIdx.x * each + worker; place < end; place += 32) {
            int wo = place % WO, ho = place / WO % HO, n = place / WO / HO;
            int h = ho * S + i - P;
            if (h < 0 || h >= H) continue;
            load8(slope + (size_t)place * C + c, slopes);
#pragma unroll
            for (int j = 0; j < K; j++) {
                int w = wo * S + j - P;
                if (w < 0 || w >= W) continue;
                load8(x + ((size_t)(n * H + h) * W + w) * C + c, values);
                add_product(sum[j], values, slopes);
            }
        }
    }
#pragma unroll
    for (int j = 0; j < K; j++) {
#pragma unroll
        for (int e = 0; e < 8; e++) shared[threadIdx.x][e] = sum[j][e];
        __syncthreads();
        for (int half = 16; half; half /= 2) {
            if (worker < half)
#pragma unroll
                for (int e = 0; e < 8; e++) shared[threadIdx.x][e] += shared[threadIdx.x + half * 8][e];
            __syncthreads();
        }
        if (worker == 0 && c < C)
#pragma unroll
            for (int e = 0; e < 8; e++)
                parts[((size_t)blockIdx.x * K * K + i * K + j) * C + c + e] = shared[threadIdx.x][e];
        __syncthreads();
    }
}
